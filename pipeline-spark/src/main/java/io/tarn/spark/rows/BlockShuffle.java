package io.tarn.spark.rows;

import java.io.Serializable;
import org.apache.spark.Partitioner;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.ShuffledRDD;
import org.apache.spark.serializer.JavaSerializer;
import scala.Tuple2;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * Shuffles blocks: objects of many kilobytes, each with the number of its partition.
 *
 * <p>A stream of Java objects keeps all that went through it, in case it comes again, until it is
 * told to forget. Spark does that every hundred objects, and a task writes to as many streams as
 * there are partitions: with blocks of 256 KiB, 25 MiB for each of them. Here it is done each time.
 */
public final class BlockShuffle {
  private static final String OBJECTS_REMEMBERED = "spark.serializer.objectStreamReset";

  private BlockShuffle() {}

  /** The blocks, each in its partition. */
  public static JavaPairRDD<Integer, Serializable> of(
      JavaRDD<Tuple2<Integer, Serializable>> blocks, int partitions) {
    ClassTag<Integer> number = ClassTag$.MODULE$.apply(Integer.class);
    ClassTag<Serializable> block = ClassTag$.MODULE$.apply(Serializable.class);
    SparkConf conf = blocks.context().getConf().set(OBJECTS_REMEMBERED, "1");
    Partitioner byNumber = new ByNumber(partitions);
    return JavaPairRDD.fromRDD(
        new ShuffledRDD<Integer, Serializable, Serializable>(
                blocks.rdd(), byNumber, number, block, block)
            .setSerializer(new JavaSerializer(conf)),
        number,
        block);
  }
}
