package io.tarn.flink;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;

/** What Flink keeps of its jobs between restarts. */
record CheckpointFiles(Path directory) {
  /** Where the newest complete checkpoint of a job lies, if the job got as far as that. */
  Optional<String> newest(TestJob job) throws IOException {
    Path ofJob = directory.resolve(job.id());
    if (!Files.exists(ofJob)) {
      return Optional.empty();
    }
    try (Stream<Path> found = Files.list(ofJob)) {
      return found
          .filter(path -> Files.exists(path.resolve("_metadata")))
          .max(
              Comparator.comparingLong(
                  path -> Long.parseLong(path.getFileName().toString().substring("chk-".length()))))
          .map(path -> path.toUri().toString());
    }
  }

  /** Deletes all, also while a job writes there. */
  void delete() throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw e;
          }
        });
  }
}
