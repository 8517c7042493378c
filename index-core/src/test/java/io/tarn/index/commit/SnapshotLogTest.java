package io.tarn.index.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.storage.FileStat;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.PendingFile;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.LongPredicate;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class SnapshotLogTest {

  /** Only the existence of versions, however many there are. */
  private static class Versions implements Storage {
    private LongPredicate exists;
    private int questions;

    Versions(LongPredicate exists) {
      this.exists = exists;
    }

    @Override
    public Optional<FileStat> stat(String path) {
      assertThat(path).matches("versions/\\d{20}\\.json");
      questions++;
      long version = Long.parseLong(path.substring(9, 29));
      return exists.test(version) ? Optional.of(new FileStat(path, 1, 1)) : Optional.empty();
    }

    @Override
    public List<FileStat> list(String directory) {
      throw new AssertionError("finding the newest version must not list");
    }

    @Override
    public byte[] read(String path, long offsetBytes, int length) {
      throw new UnsupportedOperationException();
    }

    @Override
    public PendingFile create(String path) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void delete(String path) {
      throw new UnsupportedOperationException();
    }

    @Override
    public String location() {
      return "versions of a test";
    }
  }

  /** Whether {@code version} is made of leading bits of {@code newest}, with zeros below. */
  private static boolean isSignpost(long version, long newest) {
    long zerosBelow = version & -version;
    return version > 0 && (newest & -zerosBelow) == version;
  }

  @Test
  void theSignpostsOf42AreThoseOfTheFormat() {
    assertThat(java.util.stream.LongStream.rangeClosed(0, 42).filter(v -> isSignpost(v, 42)))
        .containsExactly(32L, 40L, 42L);
  }

  @Property
  void theNewestVersionIsFoundThoughAllThatMayExpireHasExpired(
      @ForAll @LongRange(min = 1, max = 1 << 30) long newest,
      @ForAll @IntRange(max = 1000) int recent)
      throws IOException {
    Versions versions =
        new Versions(v -> v <= newest && (isSignpost(v, newest) || v > newest - recent));
    SnapshotLog log = new SnapshotLog(versions);

    assertThat(log.newestVersion()).isEqualTo(newest);
    assertThat(versions.questions).isLessThanOrEqualTo(40);
    versions.questions = 0;
    assertThat(log.newestVersionAfter(newest)).isEqualTo(newest);
    assertThat(versions.questions).isEqualTo(1);
  }

  /** Of what came after a version that was the newest a moment ago, nothing has expired. */
  @Property
  void whoKnewTheNewestAMomentAgoFindsItsSuccessorsWithFewQuestions(
      @ForAll @LongRange(min = 1, max = 1 << 30) long known,
      @ForAll @LongRange(max = 1000) long commits)
      throws IOException {
    long newest = known + commits;
    Versions versions = new Versions(v -> v <= newest && (isSignpost(v, newest) || v >= known));

    assertThat(new SnapshotLog(versions).newestVersionAfter(known)).isEqualTo(newest);
    assertThat(versions.questions).isLessThanOrEqualTo(commits == 0 ? 1 : commits <= 2 ? 3 : 20);
  }

  @Property
  void theNewestVersionIsFoundThoughOthersHaveNotExpired(
      @ForAll @LongRange(min = 1, max = 1 << 30) long newest, @ForAll long seed)
      throws IOException {
    Versions versions =
        new Versions(
            v -> v <= newest && (isSignpost(v, newest) || Long.hashCode(v * seed) % 3 == 0));

    assertThat(new SnapshotLog(versions).newestVersion()).isEqualTo(newest);
  }

  /**
   * While a reader asks, writers publish and expiry deletes all it may. What the reader then takes
   * for the newest must not be older than the newest when it began: built upon, it might lead into
   * a hole, where a commit succeeds and is lost.
   */
  @Property(tries = 5000)
  void commitsAndExpiryWhileAskingMisleadNobody(
      @ForAll @LongRange(min = 1, max = 1 << 20) long before,
      @ForAll @LongRange(min = 1, max = 1000) long commits,
      @ForAll @IntRange(max = 40) int questionsBefore)
      throws IOException {
    long after = before + commits;
    LongPredicate atFirst = v -> v <= before && isSignpost(v, before);
    // The versions since `before` were superseded just now.
    LongPredicate later =
        v -> v <= after && (isSignpost(v, after) || v >= before || isSignpost(v, before));
    Versions versions =
        new Versions(null) {
          @Override
          public Optional<FileStat> stat(String path) {
            super.exists = super.questions < questionsBefore ? atFirst : later;
            return super.stat(path);
          }
        };

    assertThat(new SnapshotLog(versions).newestVersion()).isBetween(before, after);
  }

  @Test
  void whereThereIsNoVersionThereIsNoIndex() throws IOException {
    SnapshotLog log = new SnapshotLog(new MemoryStorage());

    assertThat(log.newestVersion()).isZero();
    assertThat(log.findNewest()).isEmpty();
    assertThatThrownBy(log::newest)
        .isInstanceOf(NotAnIndexException.class)
        .hasMessageContaining("/memory");
    assertThatThrownBy(() -> log.read(1)).isInstanceOf(NotAnIndexException.class);
  }
}
