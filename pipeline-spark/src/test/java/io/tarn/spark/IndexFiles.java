package io.tarn.spark;

import io.tarn.index.feature.Feature;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What lies in an index, for tests to compare with what should. */
public final class IndexFiles {
  private IndexFiles() {}

  public static IndexView view(Path index) throws IOException {
    try (Storage storage = new LocalStorage(index)) {
      return IndexReader.open(storage).view();
    }
  }

  /** The live features by id. */
  public static Map<Object, Feature> live(Path index) throws IOException {
    Map<Object, Feature> live = new TreeMap<>();
    view(index)
        .forEachLive(
            feature -> {
              if (live.put(feature.id().toObject(), feature) != null) {
                throw new AssertionError("two live rows of id " + feature.id());
              }
            });
    return live;
  }

  /** All files below a directory, relative to it, sorted. */
  public static List<String> below(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(directory)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> directory.relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  /** Files that were begun and neither published nor discarded. */
  public static List<String> pending(Path index) throws IOException {
    return below(index).stream().filter(file -> file.contains(".pending-")).toList();
  }
}
