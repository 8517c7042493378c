package io.tarn.index.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Looks at a directory of the local disk behind the back of its {@link Storage}. */
public final class FilesBelow {
  private FilesBelow() {}

  /** The relative path of every file below {@code root}, hidden ones too. */
  public static List<String> list(Path root) throws IOException {
    if (!Files.exists(root)) {
      return List.of();
    }
    try (Stream<Path> paths = Files.walk(root)) {
      return paths.filter(Files::isRegularFile).map(p -> root.relativize(p).toString()).toList();
    }
  }
}
