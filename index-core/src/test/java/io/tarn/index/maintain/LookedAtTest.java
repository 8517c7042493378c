package io.tarn.index.maintain;

import static io.tarn.index.maintain.MaintainedIndex.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class LookedAtTest {
  @Test
  void whatIsMergedIsNewIfAPartOfItIs() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 100);
    index.append(at(1, 1, 1));
    index.append(at(2, 2, 2));
    Snapshot seen = index.append(at(3, 3, 3));
    LookedAt lookedAt = LookedAt.of(seen, List.of(), index.model());
    assertThat(lookedAt.newSegments(seen)).isEmpty();

    Change ofOld = index.maintenance().merge(index.paths().subList(0, 2)).orElseThrow();
    lookedAt = lookedAt.after(ofOld);
    index.commit(ofOld);
    assertThat(lookedAt.newSegments(index.log.newest())).isEmpty();

    index.append(at(4, 4, 4));
    List<SegmentRef> came = lookedAt.newSegments(index.log.newest());
    assertThat(came).hasSize(1);
    Change ofBoth =
        index.maintenance().merge(List.of(index.paths().get(0), came.get(0).path())).orElseThrow();
    lookedAt = lookedAt.after(ofBoth);
    Snapshot merged = index.commit(ofBoth);
    assertThat(lookedAt.newSegments(merged))
        .extracting(SegmentRef::path)
        .containsExactly(ofBoth.added().get(0).path());
  }

  @Test
  void whatALookWritesIsNotNew() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 100);
    Snapshot seen = index.append(at(1, 1, 1), at(2, 99, 2));
    Change dissolved = index.maintenance().dissolve(List.of(1)).orElseThrow();
    LookedAt lookedAt = LookedAt.of(seen, dissolved.added(), index.model());

    assertThat(lookedAt.newSegments(index.commit(dissolved))).isEmpty();
    assertThat(lookedAt.nextList()).isEqualTo(2);
  }
}
