package io.tarn.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

/** A Spark installation, laid out below a directory of a test. */
record SparkHome(Path folder) implements AutoCloseable {

  /** A SPARK_HOME of the jars that the build resolved, and the two scripts it takes. */
  static SparkHome layOut(Path home) throws IOException {
    Path jars = Files.createDirectories(home.resolve("jars"));
    Path bin = Files.createDirectories(home.resolve("bin"));
    Files.createDirectories(home.resolve("conf"));
    String classPath = Files.readString(Path.of(System.getProperty("tarn.spark.home.classpath")));
    for (String jar : classPath.strip().split(":")) {
      Files.createSymbolicLink(jars.resolve(Path.of(jar).getFileName()), Path.of(jar));
    }
    script(
        bin.resolve("spark-class"),
        """
        #!/usr/bin/env bash
        # Spark's launcher answers with the command to run, its words ended by NULs, after an empty
        # word and a newline.
        command=()
        while IFS= read -r -d '' word; do command+=("$word"); done < <(
          "$JAVA_HOME/bin/java" -Xmx128m -cp "$SPARK_HOME/jars/*" org.apache.spark.launcher.Main "$@")
        command=("${command[@]:1}")
        command[0]=${command[0]#$'\\n'}
        exec "${command[@]}"
        """);
    script(
        bin.resolve("spark-submit"),
        """
        #!/usr/bin/env bash
        exec "$SPARK_HOME/bin/spark-class" org.apache.spark.deploy.SparkSubmit "$@"
        """);
    return new SparkHome(home);
  }

  private static void script(Path file, String text) throws IOException {
    Files.writeString(file, text);
    if (!file.toFile().setExecutable(true)) {
      throw new IOException(file + " cannot be made executable");
    }
  }

  String program(String name) {
    return folder.resolve("bin").resolve(name).toString();
  }

  /** What its programs have to know. */
  Map<String, String> environment() {
    return Map.of(
        "SPARK_HOME",
        folder.toString(),
        "JAVA_HOME",
        System.getProperty("java.home"),
        "SPARK_LOCAL_IP",
        "127.0.0.1",
        "SPARK_SCALA_VERSION",
        "2.13");
  }

  @Override
  public void close() throws IOException {
    // JUnit would warn of each of these links as it deletes them.
    try (Stream<Path> jars = Files.list(folder.resolve("jars"))) {
      for (Path jar : jars.toList()) {
        Files.delete(jar);
      }
    }
  }
}
