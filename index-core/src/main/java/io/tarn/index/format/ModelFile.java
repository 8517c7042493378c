package io.tarn.index.format;

import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.INT32;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Metric;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.snapshot.ModelRef;
import io.tarn.index.storage.Storage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Types;

/** Models as Parquet files, named by the digest of their content. */
public final class ModelFile {
  private static final String KIND = "model";
  private static final String KEY_DIMENSION = "tarn.dimension";
  private static final String KEY_NEXT_LIST_ID = "tarn.next_list_id";
  private static final MessageType TYPE =
      Types.buildMessage()
          .addField(Types.required(INT32).named(Format.LIST_ID))
          .addField(ParquetFile.vectorType())
          .named("model");

  private ModelFile() {}

  /** Stores a model; storing the same model again changes nothing. */
  public static ModelRef write(Storage storage, Model model) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ParquetFile.Writer parquet = new ParquetFile.Writer(TYPE, model.dimension(), out);
    for (int i = 0; i < model.listCount(); i++) {
      parquet.column(0).write(model.listIds()[i], 0, 0);
      parquet.vectors().add(i, model.centroids(), i * model.dimension());
      parquet.endRow();
    }
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(Format.KEY_KIND, KIND);
    metadata.put(Format.KEY_FORMAT_VERSION, Integer.toString(Format.VERSION));
    metadata.put(Format.KEY_METRIC, model.metric().externalName());
    metadata.put(Format.KEY_QUANTIZER, model.quantizer().type());
    metadata.put(KEY_DIMENSION, Integer.toString(model.dimension()));
    metadata.put(KEY_NEXT_LIST_ID, Integer.toString(model.nextListId()));
    parquet.end(metadata);
    byte[] bytes = out.toByteArray();
    return new ModelRef(
        ChecksummedFile.contentAddress(bytes),
        ChecksummedFile.writeModel(storage, bytes, "parquet"),
        model.listCount(),
        model.quantizer().type());
  }

  /**
   * Checks, without reading a model, that it can be as large as the snapshot says.
   *
   * @throws DamagedFileException if it is missing, of another length, or too short for its lists
   */
  public static void checkSize(Storage storage, ModelRef ref, int dimension) throws IOException {
    ChecksummedFile.checkLength(storage, ref.file());
    if ((long) ref.lists() * dimension * Float.BYTES > ref.file().bytes()) {
      throw new DamagedFileException(
          ref.file().path(),
          "is too short for the " + ref.lists() + " lists that the snapshot records");
    }
  }

  /**
   * Reads a model.
   *
   * @throws DamagedFileException if it is not, byte for byte, what the snapshot records
   */
  public static Model read(Storage storage, ModelRef ref) throws IOException {
    byte[] bytes = ChecksummedFile.read(storage, ref.file());
    String path = ref.file().path();
    try {
      ParquetPages file = ParquetFile.pages(bytes);
      Map<String, String> metadata = file.metadata();
      ParquetFile.checkKind(path, metadata, KIND);
      int dimension = Integer.parseInt(metadata.get(KEY_DIMENSION));
      if (!file.hasColumns(TYPE)) {
        throw new DamagedFileException(path, "has other columns than a model");
      }
      if (file.rows() != ref.lists()) {
        throw new DamagedFileException(
            path, "has " + file.rows() + " lists where the snapshot records " + ref.lists());
      }
      if (file.rows() * dimension * Float.BYTES > bytes.length) {
        throw new DamagedFileException(path, "is too short for its lists");
      }
      int[] listIds = new int[ref.lists()];
      readListIds(file, bytes, listIds);
      float[] centroids = new float[Math.multiplyExact(listIds.length, dimension)];
      VectorPages.Reader vectors = new VectorPages.Reader(dimension);
      int[] read = {0};
      for (RowGroup group : file.rowGroups()) {
        // The checksum of the whole file was compared.
        vectors.read(
            file,
            group,
            false,
            (rows, count) -> {
              System.arraycopy(
                  rows, 0, centroids, read[0] * dimension, Math.multiplyExact(count, dimension));
              read[0] += count;
            });
      }
      if (read[0] != listIds.length) {
        throw new DamagedFileException(path, "has lists without a centroid");
      }
      return new Model(
          Metric.of(metadata.get(Format.KEY_METRIC)),
          dimension,
          listIds,
          nextListId(metadata, listIds),
          centroids,
          Quantizer.of(metadata.get(Format.KEY_QUANTIZER)));
    } catch (DamagedFileException | UnsupportedFormatException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw new DamagedFileException(path, "cannot be read as a model: " + e.getMessage(), e);
    }
  }

  private static void readListIds(ParquetPages file, byte[] bytes, int[] listIds)
      throws IOException {
    int[] read = {0};
    if (file.isBulk(Format.LIST_ID)) {
      PageValues values = new PageValues();
      for (RowGroup group : file.rowGroups()) {
        file.read(
            group,
            Format.LIST_ID,
            false,
            (page, packed) -> {
              long[] lists = values.numbers(page, packed, false);
              for (int i = 0; i < page.getNum_rows(); i++) {
                listIds[read[0]++] = (int) lists[i];
              }
            });
      }
      return;
    }
    try (ParquetFileReader general = ParquetFile.open(bytes)) {
      for (PageReadStore group = general.readNextRowGroup();
          group != null;
          group = general.readNextRowGroup()) {
        ColumnReader lists =
            ParquetFile.columns(group, TYPE, general.getFileMetaData().getCreatedBy())
                .getColumnReader(TYPE.getColumnDescription(new String[] {Format.LIST_ID}));
        for (long i = 0; i < group.getRowCount(); i++) {
          listIds[read[0]++] = lists.getInteger();
          lists.consume();
        }
      }
    }
  }

  /** Models from before lists came and went do not say; they have all the lists there ever were. */
  private static int nextListId(Map<String, String> metadata, int[] listIds) {
    String recorded = metadata.get(KEY_NEXT_LIST_ID);
    return recorded == null ? listIds[listIds.length - 1] + 1 : Integer.parseInt(recorded);
  }
}
