package io.tarn.cli.demo;

import io.tarn.index.search.IndexReader;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.parquet.hadoop.ParquetReader;
import picocli.CommandLine;

/**
 * A library on the class path whose methods are streamed in.
 *
 * @param name what the audience knows it by
 * @param member a class of it
 * @param packagePrefix which of its packages are taken
 */
record Library(String name, Class<?> member, String packagePrefix) {
  static final List<Library> ALL =
      List.of(
          new Library("tarn", IndexReader.class, "io.tarn.index"),
          new Library("picocli", CommandLine.class, "picocli"),
          new Library("kafka-clients", KafkaConsumer.class, "org.apache.kafka.clients"),
          new Library("parquet-hadoop", ParquetReader.class, "org.apache.parquet.hadoop"));

  List<ApiMethod> methods() throws IOException {
    try {
      Path path = Path.of(member.getProtectionDomain().getCodeSource().getLocation().toURI());
      return ApiMethods.ofLibrary(name, path).stream()
          .filter(method -> method.packageName().startsWith(packagePrefix))
          .toList();
    } catch (URISyntaxException e) {
      throw new IOException("cannot tell where " + name + " is", e);
    }
  }
}
