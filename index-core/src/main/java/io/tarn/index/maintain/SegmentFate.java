package io.tarn.index.maintain;

import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Upkeep;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * What is to become of the rows of a segment.
 *
 * @param ref the segment
 * @param superseded rows that are not the newest of their ids
 * @param forgettable deletes that are, and can go all the same once all older rows of their ids go
 * @param purged whether it holds such deletes, or rows of their ids
 * @param maxForgottenOrder the largest order of those deletes in any segment
 * @param tied the paths of segments that have to be replaced if this one is
 */
public record SegmentFate(
    SegmentRef ref,
    BitSet superseded,
    BitSet forgettable,
    boolean purged,
    long maxForgottenOrder,
    TreeSet<String> tied)
    implements Serializable {

  /** Collects the fate of a segment, from share after share of its ids. */
  public static final class Builder {
    private final SegmentRef ref;
    private final BitSet superseded = new BitSet();
    private final BitSet forgettable = new BitSet();
    private final Set<String> tied = new TreeSet<>();
    private boolean purged;
    private long maxForgottenOrder = Upkeep.NOTHING_FORGOTTEN;

    public Builder(SegmentRef ref) {
      this.ref = ref;
    }

    /** Adds what was settled of some rows. */
    public Builder add(
        int[] supersededRows,
        int[] forgettableRows,
        boolean purgedHere,
        long maxForgottenHere,
        Set<String> tiedHere) {
      for (int row : supersededRows) {
        superseded.set(row);
      }
      for (int row : forgettableRows) {
        forgettable.set(row);
      }
      purged |= purgedHere;
      maxForgottenOrder = Math.max(maxForgottenOrder, maxForgottenHere);
      tied.addAll(tiedHere);
      tied.remove(ref.path());
      return this;
    }

    public SegmentFate build() {
      return new SegmentFate(
          ref, superseded, forgettable, purged, maxForgottenOrder, new TreeSet<>(tied));
    }
  }

  /** Settles the rows of all segments of a snapshot at once. */
  public static List<SegmentFate> of(List<Segment> segments, long forgetDeletesBelow) {
    Settlement settlement = new Settlement(segments, forgetDeletesBelow);
    List<SegmentFate> fates = new ArrayList<>();
    for (int i = 0; i < segments.size(); i++) {
      int s = i;
      int rows = segments.get(s).rowCount();
      String path = segments.get(s).ref().path();
      fates.add(
          new Builder(segments.get(s).ref())
              .add(
                  IntStream.range(0, rows).filter(row -> settlement.isSuperseded(s, row)).toArray(),
                  IntStream.range(0, rows)
                      .filter(row -> settlement.isForgettable(s, row))
                      .toArray(),
                  settlement.isPurged(s),
                  settlement.maxForgottenOrder(),
                  settlement.tiedTo(Set.of(path)))
              .build());
    }
    return fates;
  }

  /** Whether a row is to be written again when the segment is replaced. */
  boolean isKept(int row, boolean forgetting) {
    return !superseded.get(row) && !(forgetting && forgettable.get(row));
  }

  /**
   * The rows that are to be written again when the segment is replaced.
   *
   * @param forgetting whether all {@link #purged} segments are replaced by the same change, so that
   *     deletes can go
   */
  public BitSet kept(boolean forgetting) {
    BitSet kept = new BitSet();
    kept.set(0, Math.toIntExact(ref.rows() + ref.deletes()));
    kept.andNot(superseded);
    if (forgetting) {
      kept.andNot(forgettable);
    }
    return kept;
  }

  /** How many rows and deletes can be left out. */
  public long droppedRows(boolean forgetting) {
    return (long) superseded.cardinality() + (forgetting ? forgettable.cardinality() : 0);
  }

  /** How many features are live. */
  public long liveRows() {
    int deletes = Math.toIntExact(ref.deletes());
    long supersededFeatures =
        (long) superseded.cardinality() - superseded.get(0, deletes).cardinality();
    return ref.rows() - supersededFeatures;
  }

  /** About how many bytes are left of the segment without what can be left out. */
  public long keptBytes(boolean forgetting) {
    long rows = Math.max(1, ref.rows() + ref.deletes());
    return (long) (ref.file().bytes() * ((double) (rows - droppedRows(forgetting)) / rows));
  }
}
