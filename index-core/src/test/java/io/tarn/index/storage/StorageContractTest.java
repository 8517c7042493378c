package io.tarn.index.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every {@link Storage} must do. Each implementation has a subclass that runs all of it. */
public abstract class StorageContractTest {
  private static final int RACING_THREADS = 16;

  protected Storage storage;

  /** A storage on a root that does not exist yet, another one in each test. */
  protected abstract Storage open() throws Exception;

  /** Another storage on a path below the root of {@link #storage}. */
  protected abstract Storage openBelow(String path) throws Exception;

  /** Every file below the root of {@link #storage}, hidden ones too. */
  protected abstract List<String> filesOnDisk() throws Exception;

  @BeforeEach
  void openStorage() throws Exception {
    storage = open();
  }

  @AfterEach
  void closeStorage() throws Exception {
    storage.close();
  }

  @Test
  void aPublishedFileIsReadBack() throws Exception {
    write("segments/a", bytes("hello"));

    assertThat(storage.read("segments/a", 0, 5)).isEqualTo(bytes("hello"));
    assertThat(storage.stat("segments/a").orElseThrow().bytes()).isEqualTo(5);
  }

  @Test
  void aFileIsInvisibleUntilItIsPublished() throws Exception {
    try (PendingFile file = storage.create("segments/a")) {
      file.write(bytes("hello"));
      file.flush();

      assertThat(storage.stat("segments/a")).isEmpty();
      assertThat(storage.list("segments")).isEmpty();
      assertThatThrownBy(() -> storage.read("segments/a", 0, 1))
          .isInstanceOf(NoSuchFileException.class);

      file.publish();

      assertThat(storage.stat("segments/a")).isPresent();
      assertThat(storage.list("segments")).extracting(FileStat::path).containsExactly("segments/a");
      assertThat(storage.read("segments/a", 0, 5)).isEqualTo(bytes("hello"));
    }
    assertThat(filesOnDisk()).containsExactly("segments/a");
  }

  @Test
  void whatIsNotPublishedLeavesNothingBehind() throws Exception {
    try (PendingFile file = storage.create("segments/a")) {
      file.write(new byte[300_000]);
    }

    assertThat(storage.stat("segments/a")).isEmpty();
    assertThat(filesOnDisk()).isEmpty();
  }

  @Test
  void anExistingFileIsNeverOverwritten() throws Exception {
    write("versions/1", bytes("first"));

    assertThatThrownBy(() -> write("versions/1", bytes("other")))
        .isInstanceOf(FileAlreadyExistsException.class)
        .hasMessageContaining("versions/1");

    assertThat(storage.read("versions/1", 0, 5)).isEqualTo(bytes("first"));
    assertThat(filesOnDisk()).containsExactly("versions/1");
  }

  @Test
  void ofManyWritersOfOneFileExactlyOneWins() throws Exception {
    CyclicBarrier start = new CyclicBarrier(RACING_THREADS);
    List<Callable<Integer>> writers = new ArrayList<>();
    for (int i = 0; i < RACING_THREADS; i++) {
      int writer = i;
      writers.add(
          () -> {
            byte[] content = new byte[100_000];
            Arrays.fill(content, (byte) writer);
            try (PendingFile file = storage.create("versions/1")) {
              file.write(content);
              start.await();
              file.publish();
              return writer;
            } catch (FileAlreadyExistsException e) {
              return -1;
            }
          });
    }
    List<Integer> winners = new ArrayList<>();
    ExecutorService executor = Executors.newFixedThreadPool(RACING_THREADS);
    try {
      for (Future<Integer> outcome : executor.invokeAll(writers)) {
        winners.add(outcome.get());
      }
    } finally {
      executor.shutdownNow();
    }
    winners.removeIf(winner -> winner < 0);

    assertThat(winners).hasSize(1);
    byte[] expected = new byte[100_000];
    Arrays.fill(expected, (byte) (int) winners.get(0));
    assertThat(storage.read("versions/1", 0, 100_000)).isEqualTo(expected);
    assertThat(filesOnDisk()).containsExactly("versions/1");
  }

  /** Lengths around the write buffers (64 KiB) and, in the last, more than a block of HDFS. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 65_535, 65_536, 65_537, 3_000_001})
  void filesOfAnyLengthAreReadBackAtAnyRange(int length) throws Exception {
    byte[] content = new byte[length];
    new Random(length).nextBytes(content);
    try (PendingFile file = storage.create("segments/a")) {
      int half = length / 2;
      for (int i = 0; i < Math.min(10, half); i++) {
        file.write(content[i]);
      }
      file.write(content, Math.min(10, half), half - Math.min(10, half));
      file.write(content, half, length - half);
      file.publish();
    }

    assertThat(storage.stat("segments/a").orElseThrow().bytes()).isEqualTo(length);
    assertThat(storage.read("segments/a", 0, length)).isEqualTo(content);
    Random random = new Random(1);
    for (int i = 0; i < 20 && length > 0; i++) {
      int from = random.nextInt(length);
      int to = from + random.nextInt(length - from + 1);
      assertThat(storage.read("segments/a", from, to - from))
          .isEqualTo(Arrays.copyOfRange(content, from, to));
    }
  }

  @Test
  void readingBeyondTheEndIsAnErrorThatNamesTheFile() throws Exception {
    write("segments/a", bytes("hello"));

    assertThatThrownBy(() -> storage.read("segments/a", 0, 6))
        .isInstanceOf(EOFException.class)
        .hasMessageContaining("segments/a");
    assertThatThrownBy(() -> storage.read("segments/a", 4, 2)).isInstanceOf(EOFException.class);
    assertThatThrownBy(() -> storage.read("segments/a", 100, 1)).isInstanceOf(EOFException.class);
  }

  /** Storages may refuse to map; what they map is what they read. */
  @Test
  void aMappedRangeIsWhatIsRead() throws Exception {
    byte[] content = new byte[100_000];
    new Random(7).nextBytes(content);
    write("segments/a", content);
    Optional<ByteBuffer> all = storage.map("segments/a", 0, content.length);
    if (all.isEmpty()) {
      return;
    }
    for (int from : new int[] {0, 1, 4_097, 99_999}) {
      ByteBuffer range = storage.map("segments/a", from, content.length - from).orElseThrow();
      byte[] mapped = new byte[range.remaining()];
      range.get(mapped);
      assertThat(mapped).isEqualTo(Arrays.copyOfRange(content, from, content.length));
    }
    assertThat(all.orElseThrow().isReadOnly()).isTrue();
    assertThatThrownBy(() -> storage.map("segments/a", 1, content.length))
        .isInstanceOf(EOFException.class)
        .hasMessageContaining("segments/a");
    assertThatThrownBy(() -> storage.map("segments/b", 0, 1))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("segments/b");
    storage.delete("segments/a");
    assertThat(all.orElseThrow().get(99_999)).isEqualTo(content[99_999]);
  }

  @Test
  void readingAMissingFileIsAnErrorThatNamesTheFile() throws Exception {
    assertThatThrownBy(() -> storage.read("segments/a", 0, 1))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("segments/a");
    write("segments/b", bytes("hello"));
    assertThatThrownBy(() -> storage.read("segments/a", 0, 1))
        .isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void anIndexThatDoesNotExistIsEmpty() throws Exception {
    assertThat(storage.stat("versions/1")).isEmpty();
    assertThat(storage.list("versions")).isEmpty();
    storage.delete("versions/1");
  }

  @Test
  void deletingIsRepeatable() throws Exception {
    write("segments/a", bytes("hello"));
    write("segments/b", bytes("world"));

    storage.delete("segments/a");
    storage.delete("segments/a");

    assertThat(storage.stat("segments/a")).isEmpty();
    assertThatThrownBy(() -> storage.read("segments/a", 0, 1))
        .isInstanceOf(NoSuchFileException.class);
    assertThat(storage.list("segments")).extracting(FileStat::path).containsExactly("segments/b");
  }

  @Test
  void aDeletedNameCanBeCreatedAgain() throws Exception {
    write("segments/a", bytes("hello"));
    storage.delete("segments/a");
    write("segments/a", bytes("again"));

    assertThat(storage.read("segments/a", 0, 5)).isEqualTo(bytes("again"));
  }

  @Test
  void listingIsSortedAndNotRecursive() throws Exception {
    for (String path : List.of("s/b", "s/a", "s/c/nested", "s/B", "s/10", "s/9", "other/x")) {
      write(path, bytes(path));
    }

    List<FileStat> files = storage.list("s");

    assertThat(files)
        .extracting(FileStat::path)
        .containsExactly("s/10", "s/9", "s/B", "s/a", "s/b");
    assertThat(files).allSatisfy(f -> assertThat(f.bytes()).isEqualTo(f.path().length()));
    assertThat(files).allSatisfy(f -> assertThat(storage.stat(f.path())).contains(f));
  }

  @Test
  void aDirectoryIsNoFileAndAFileNoDirectory() throws Exception {
    write("segments/a", bytes("hello"));

    assertThat(storage.stat("segments")).isEmpty();
    assertThat(storage.list("segments/a")).isEmpty();
  }

  @Test
  void theTimeOfAFileIsThatOfItsCreation() throws Exception {
    long beforeMs = System.currentTimeMillis();
    write("segments/a", bytes("hello"));
    long afterMs = System.currentTimeMillis();

    // File systems may round, and one may read a coarser clock.
    assertThat(storage.stat("segments/a").orElseThrow().modifiedMs())
        .isBetween(beforeMs - 2_000, afterMs + 2_000);
  }

  @Test
  void pathsThatLeadElsewhereAreRefused() {
    for (String path : List.of("", "/a", "a/", "a//b", "../a", "a/../b", "./a")) {
      assertThatThrownBy(() -> storage.stat(path)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> storage.list(path)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> storage.create(path)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> storage.delete(path)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> storage.read(path, 0, 1))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  /** Some notice when they are opened, some when they are used. */
  @Test
  void aRootThatIsAFileIsAnErrorThatNamesIt() throws Exception {
    write("segments/a", bytes("hello"));

    assertThatThrownBy(
            () -> {
              try (Storage onFile = openBelow("segments/a")) {
                onFile.stat("versions/1");
              }
            })
        .isInstanceOf(IOException.class)
        .hasMessageContaining("segments/a")
        .hasMessageContaining("this is a file");
    assertThatThrownBy(
            () -> {
              try (Storage onFile = openBelow("segments/a")) {
                onFile.create("versions/1").close();
              }
            })
        .isInstanceOf(IOException.class)
        .hasMessageContaining("segments/a")
        .hasMessageContaining("this is a file");
    assertThat(storage.read("segments/a", 0, 5)).isEqualTo(bytes("hello"));
  }

  protected final void write(String path, byte[] content) throws IOException {
    try (PendingFile file = storage.create(path)) {
      file.write(content);
      file.publish();
    }
  }

  protected static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
