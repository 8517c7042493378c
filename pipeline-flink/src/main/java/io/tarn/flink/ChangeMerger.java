package io.tarn.flink;

import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.OffsetRange;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.SourceAdvance;
import io.tarn.index.snapshot.WriterRuns;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Makes one change of what the subtasks wrote up to a checkpoint, and remembers the positions its
 * changes have reached. Each change says from where it follows on its predecessor; should that
 * never have been published, or have been undone, the index notices.
 */
final class ChangeMerger {
  static final String OPERATION = "stream";

  private final Map<String, String> incarnations;

  /** What numbers changes in the place of their own positions, if anything does. */
  private final Optional<Numbering> numbering;

  private final Map<String, SortedMap<Integer, Long>> reached = new TreeMap<>();

  /** In an order in which they can be published: of each partition the earlier records first. */
  private final List<Part> parts = new ArrayList<>();

  /** What was written with one and the same model. */
  private static final class Part {
    private final String modelId;
    private final List<SegmentRef> segments = new ArrayList<>();
    private final SourceReads reads = new SourceReads();
    private long records;
    private long badRecords;

    Part(String modelId) {
      this.modelId = modelId;
    }
  }

  /** Gives out the numbers of a run. */
  private static final class Numbering {
    private final String run;
    private final InstantSource clock;
    private long next;

    Numbering(String run, InstantSource clock) {
      this.run = run;
      this.clock = clock;
    }

    SortedMap<String, SourceAdvance> next() {
      SortedMap<String, SourceAdvance> sources = new TreeMap<>();
      sources.put(run, WriterRuns.change(next, clock.millis()));
      next++;
      return sources;
    }
  }

  /**
   * @param incarnations of the sources, as far as they are known
   */
  ChangeMerger(Map<String, String> incarnations) {
    this(incarnations, Optional.empty());
  }

  private ChangeMerger(Map<String, String> incarnations, Optional<Numbering> numbering) {
    this.incarnations = incarnations;
    this.numbering = numbering;
  }

  /**
   * One for rows whose positions mean nothing but their order in a subtask: the index knows the
   * changes by their numbers in a run.
   */
  static ChangeMerger numbering(String run, InstantSource clock) {
    return new ChangeMerger(Map.of(), Optional.of(new Numbering(run, clock)));
  }

  /** Takes over the position up to which changes were made before a restart. */
  void restore(String source, int partition, long next) {
    reached.computeIfAbsent(source, unused -> new TreeMap<>()).merge(partition, next, Math::max);
  }

  /** By source and partition, the positions that the changes made so far have reached. */
  Map<String, SortedMap<Integer, Long>> reached() {
    return reached;
  }

  /** Adds what a subtask wrote, which follows on what it wrote before. */
  void add(PendingChange written) {
    Part part = partFor(written.change());
    part.segments.addAll(written.change().added());
    part.reads.addAll(written.change().sources());
    part.records += written.records();
    part.badRecords += written.badRecords();
  }

  /**
   * One of the same model, but none before another that holds earlier records of the same
   * partitions: published after them, those would seem to be in the index already.
   */
  private Part partFor(Change written) {
    Part fitting = null;
    for (int i = parts.size() - 1; i >= 0; i--) {
      Part part = parts.get(i);
      if (part.modelId.equals(written.modelId())) {
        fitting = part;
      }
      if (part.reads.intersect(written.sources())) {
        break;
      }
    }
    if (fitting == null) {
      fitting = new Part(written.modelId());
      parts.add(fitting);
    }
    return fitting;
  }

  /**
   * Makes changes of all that was added since the last call: none if nothing was, and more than one
   * only while subtasks take up a new model. They must be published in this order.
   */
  List<PendingChange> drain() {
    List<PendingChange> changes = new ArrayList<>();
    parts.forEach(part -> changes.add(toChange(part)));
    parts.clear();
    return changes;
  }

  private PendingChange toChange(Part part) {
    Change change =
        new Change(
            UUID.randomUUID().toString(),
            OPERATION,
            part.modelId,
            part.segments,
            List.of(),
            numbering.map(Numbering::next).orElseGet(() -> follow(part)));
    return new PendingChange(change, part.records, part.badRecords);
  }

  private SortedMap<String, SourceAdvance> follow(Part part) {
    SortedMap<String, SourceAdvance> sources = new TreeMap<>();
    part.reads
        .toAdvances()
        .forEach(
            (source, advance) ->
                sources.put(
                    source,
                    new SourceAdvance(
                        follow(source, advance.partitions()),
                        advance.lastRecordMs(),
                        incarnations.get(source))));
    return sources;
  }

  private SortedMap<Integer, OffsetRange> follow(
      String source, SortedMap<Integer, OffsetRange> ranges) {
    SortedMap<Integer, Long> positions = reached.computeIfAbsent(source, unused -> new TreeMap<>());
    SortedMap<Integer, OffsetRange> following = new TreeMap<>();
    ranges.forEach(
        (partition, range) -> {
          long before =
              Math.max(range.from(), positions.getOrDefault(partition, OffsetRange.UNKNOWN));
          // Records from before what was reached are for the index to refuse, not for us.
          long from = Math.min(before, range.first());
          following.put(partition, new OffsetRange(from, range.first(), range.next()));
          positions.merge(partition, range.next(), Math::max);
        });
    return following;
  }
}
