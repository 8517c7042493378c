package io.tarn.index.maintain;

import io.tarn.index.segment.NewestRows;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.Upkeep;
import java.util.BitSet;
import java.util.List;
import java.util.Set;

/**
 * What is to become of all rows of some ids: which are superseded, and which deletes need not be
 * remembered any longer. Ids are independent of each other, so a large index is settled share by
 * share of its ids, wherever there is room; {@link SegmentFate} puts the shares together.
 */
public final class Settlement {
  private final NewestRows newest;
  private final BitSet[] forgettable;
  private final BitSet purging;
  private long maxForgottenOrder = Upkeep.NOTHING_FORGOTTEN;

  /**
   * @param segments all rows of a snapshot that have certain ids, by segment; vectors and
   *     attributes are not looked at
   * @param forgetDeletesBelow deletes of a smaller order need not be remembered; {@link
   *     Maintenance#KEEP_ALL_DELETES} keeps them all
   */
  public Settlement(List<Segment> segments, long forgetDeletesBelow) {
    this.newest = new NewestRows(segments);
    this.forgettable = new BitSet[segments.size()];
    this.purging = new BitSet();
    for (int s = 0; s < forgettable.length; s++) {
      forgettable[s] = new BitSet();
      Segment segment = segments.get(s);
      for (int row = 0; row < segment.deletes(); row++) {
        long order = segment.orders().get(row);
        if (newest.isNewest(s, row) && order < forgetDeletesBelow) {
          forgettable[s].set(row);
          purging.set(s);
          maxForgottenOrder = Math.max(maxForgottenOrder, order);
        }
      }
    }
    newest.forEachSuperseded(
        (s, row, newerSegment, newerRow) -> {
          if (forgettable[newerSegment].get(newerRow)) {
            purging.set(s);
          }
        });
  }

  /** Whether a row, be it a feature or a delete, is not the newest of its id. */
  public boolean isSuperseded(int segment, int row) {
    return !newest.isNewest(segment, row);
  }

  /** Whether a row is a delete that can go, once all older rows of its id go with it. */
  public boolean isForgettable(int segment, int row) {
    return forgettable[segment].get(row);
  }

  /** Whether a segment holds a delete that can go, or a row that such a delete supersedes. */
  public boolean isPurged(int segment) {
    return purging.get(segment);
  }

  /** The largest order of deletes that can go. */
  public long maxForgottenOrder() {
    return maxForgottenOrder;
  }

  /** The paths of all segments that have to be replaced if those of {@code paths} are. */
  public Set<String> tiedTo(Set<String> paths) {
    return newest.tiedTo(paths);
  }
}
