package io.tarn.spark;

import io.tarn.settings.Settings;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;

/** A build, and if there are more settings an append, with settings given as arguments. */
final class BuildOfAFile {
  private BuildOfAFile() {}

  /** Arguments: settings of the build job, and behind {@code --} those of the append job. */
  public static void main(String[] args) throws IOException {
    int end = Arrays.asList(args).indexOf("--");
    try (SparkSession spark = SparkSession.builder().appName("file").getOrCreate()) {
      BuildJob.run(
          spark,
          Settings.load(
              BuildSettings.class, Optional.empty(), Arrays.asList(args).subList(0, end)));
      AppendJob.run(
          spark,
          Settings.load(
              AppendSettings.class,
              Optional.empty(),
              Arrays.asList(args).subList(end + 1, args.length)));
    }
  }
}
