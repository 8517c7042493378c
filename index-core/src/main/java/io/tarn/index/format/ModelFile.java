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
    try (ParquetFileReader file = ParquetFile.open(bytes)) {
      Map<String, String> metadata = file.getFileMetaData().getKeyValueMetaData();
      ParquetFile.checkKind(path, metadata, KIND);
      int dimension = Integer.parseInt(metadata.get(KEY_DIMENSION));
      int[] listIds = new int[Math.toIntExact(file.getRecordCount())];
      float[] centroids = new float[Math.multiplyExact(listIds.length, dimension)];
      int row = 0;
      int[] read = {0};
      for (PageReadStore group = file.readNextRowGroup();
          group != null;
          group = file.readNextRowGroup()) {
        ColumnReader lists =
            ParquetFile.columns(group, TYPE, file.getFileMetaData().getCreatedBy())
                .getColumnReader(TYPE.getColumnDescription(new String[] {Format.LIST_ID}));
        for (int i = row; i < row + group.getRowCount(); i++) {
          listIds[i] = lists.getInteger();
          lists.consume();
        }
        row += (int) group.getRowCount();
        ParquetFile.readVectors(
            path,
            group,
            TYPE,
            dimension,
            (vectors, count) -> {
              System.arraycopy(
                  vectors, 0, centroids, read[0] * dimension, Math.multiplyExact(count, dimension));
              read[0] += count;
            });
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

  /** Models from before lists came and went do not say; they have all the lists there ever were. */
  private static int nextListId(Map<String, String> metadata, int[] listIds) {
    String recorded = metadata.get(KEY_NEXT_LIST_ID);
    return recorded == null ? listIds[listIds.length - 1] + 1 : Integer.parseInt(recorded);
  }
}
