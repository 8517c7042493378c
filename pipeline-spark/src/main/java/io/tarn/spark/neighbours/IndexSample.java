package io.tarn.spark.neighbours;

import io.tarn.spark.rows.Mixing;
import io.tarn.spark.rows.Packed;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;

/**
 * Live rows of an index drawn at random, brought to the driver. Which ones, and their order,
 * depends on the version of the index and the seed alone.
 *
 * @param ids texts or longs
 * @param vectors as the index stores them, row-major
 */
public record IndexSample(Object[] ids, float[] vectors) {

  /** A row drawn. A class and no record, as Kryo cannot serialize these. */
  private static final class Drawn implements Serializable {
    private final double key;
    private final Object id;
    private final float[] vector;

    Drawn(double key, Object id, float[] vector) {
      this.key = key;
      this.id = id;
      this.vector = vector;
    }
  }

  /**
   * Draws rows.
   *
   * @param most how many; all, if there are no more
   */
  public static IndexSample draw(
      SparkSession spark,
      IndexLocation location,
      long version,
      RowBlocks blocks,
      int dimension,
      int most,
      long seed) {
    // More than wanted, so that there are enough: the number drawn varies by its root.
    double share = (most + 10 * Math.sqrt(most) + 10) / blocks.rows();
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    Broadcast<Packed<RowBlocks>> shared = context.broadcast(Packed.of(blocks));
    List<Integer> all = IntStream.range(0, blocks.count()).boxed().toList();
    List<Drawn> drawn =
        new ArrayList<>(
            context
                .parallelize(all, all.size())
                .mapPartitions(each -> draw(each, location, version, shared, share, seed))
                .collect());
    shared.destroy();
    drawn.sort(Comparator.comparingDouble(row -> row.key));
    int count = Math.min(most, drawn.size());
    Object[] ids = new Object[count];
    float[] vectors = new float[Math.multiplyExact(count, dimension)];
    for (int i = 0; i < count; i++) {
      ids[i] = drawn.get(i).id;
      System.arraycopy(drawn.get(i).vector, 0, vectors, i * dimension, dimension);
    }
    return new IndexSample(ids, vectors);
  }

  private static Iterator<Drawn> draw(
      Iterator<Integer> each,
      IndexLocation location,
      long version,
      Broadcast<Packed<RowBlocks>> blocks,
      double share,
      long seed)
      throws IOException {
    List<Drawn> drawn = new ArrayList<>();
    try (BlockReader reader = new BlockReader(location, version, blocks.value().get())) {
      while (each.hasNext()) {
        reader.forEach(
            each.next(),
            true,
            (number, list, segment, row) -> {
              double key = Mixing.toUnit(number, seed);
              if (key < share) {
                Object id = segment.ids().get(row).toObject();
                drawn.add(new Drawn(key, id, segment.vectors().get(row - segment.deletes())));
              }
            });
      }
    }
    return drawn.iterator();
  }
}
