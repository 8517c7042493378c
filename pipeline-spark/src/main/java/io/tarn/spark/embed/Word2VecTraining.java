package io.tarn.spark.embed;

import io.tarn.embedding.Content;
import io.tarn.embedding.Tokenizer;
import io.tarn.embedding.Word2VecEmbedder;
import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.rows.InputRow;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.mllib.feature.Word2Vec;
import scala.Tuple2;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Trains an embedder on the texts of an input, with Spark's Word2Vec (skip-gram with hierarchical
 * softmax).
 *
 * <p>Spark trains in the order in which it is given the texts and breaks ties between equally
 * frequent words by that order too. So the texts are brought into input order in one partition: the
 * same input gives the same embedder, on the same kind of machine, however it is split, as long as
 * one task trains.
 */
public final class Word2VecTraining {
  /** No word is empty, so that this key is free to count the documents. */
  private static final String DOCUMENTS = "";

  private Word2VecTraining() {}

  /**
   * Trains.
   *
   * @throws UnusableInputException if no word occurs often enough
   */
  public static Word2VecEmbedder train(JavaRDD<InputRow> rows, Word2VecSettings settings) {
    JavaPairRDD<Long, String> texts =
        JavaPairRDD.fromJavaRDD(
            rows.filter(Word2VecTraining::hasText)
                .map(row -> new Tuple2<>(row.position(), text(row))));
    Map<String, float[]> vectors = wordVectors(texts, settings);
    Map<String, Long> frequencies = documentFrequencies(texts, vectors.keySet());
    long documents = frequencies.remove(DOCUMENTS);
    return Word2VecEmbedder.of(vectors, frequencies, documents);
  }

  private static boolean hasText(InputRow row) {
    return row instanceof InputRow.Readable readable && readable.content() instanceof Content.Text;
  }

  private static String text(InputRow row) {
    return ((Content.Text) ((InputRow.Readable) row).content()).text();
  }

  private static Map<String, float[]> wordVectors(
      JavaPairRDD<Long, String> texts, Word2VecSettings settings) {
    JavaRDD<List<String>> sentences =
        texts
            .repartitionAndSortWithinPartitions(new HashPartitioner(1))
            .values()
            .map(Tokenizer::tokenize);
    Word2Vec training =
        new Word2Vec()
            .setVectorSize(settings.dimension())
            .setNumIterations(settings.iterations())
            .setMinCount(settings.minCount())
            .setWindowSize(settings.window())
            .setLearningRate(settings.learningRate())
            .setSeed(settings.seed())
            .setNumPartitions(settings.partitions());
    try {
      return new HashMap<>(CollectionConverters.asJava(training.fit(sentences).getVectors()));
    } catch (IllegalArgumentException e) {
      // All that Spark checks here is that there are words left to learn.
      throw new UnusableInputException(
          "there is nothing to learn from the texts: no word occurs at least "
              + settings.minCount()
              + " times; lower min-count, or check the text column",
          e);
    }
  }

  /** In how many texts each word occurs; and under {@link #DOCUMENTS} how many texts there are. */
  private static Map<String, Long> documentFrequencies(
      JavaPairRDD<Long, String> texts, Set<String> vocabulary) {
    Broadcast<HashSet<String>> known =
        JavaSparkContext.fromSparkContext(texts.context()).broadcast(new HashSet<>(vocabulary));
    JavaRDD<Tuple2<String, Long>> occurrences =
        texts
            .values()
            .flatMap(
                text -> {
                  Set<String> words = new HashSet<>(Tokenizer.tokenize(text));
                  words.retainAll(known.value());
                  words.add(DOCUMENTS);
                  return words.iterator();
                })
            .map(word -> new Tuple2<>(word, 1L));
    return new HashMap<>(
        JavaPairRDD.fromJavaRDD(occurrences).reduceByKey(Long::sum).collectAsMap());
  }
}
