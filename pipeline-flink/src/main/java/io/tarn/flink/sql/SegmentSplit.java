package io.tarn.flink.sql;

import io.tarn.index.snapshot.FileRef;
import io.tarn.index.snapshot.SegmentRef;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * Live rows of a part of a segment that are still to be read.
 *
 * @param segment the segment
 * @param firstRow where the part begins: a multiple of 64
 * @param live which of its rows are to be read: row {@code firstRow + r} is bit {@code r & 63} of
 *     word {@code r >> 6}
 */
record SegmentSplit(SegmentRef segment, int firstRow, long[] live) implements SourceSplit {

  /** The splits of a segment. */
  static List<SegmentSplit> of(SegmentRef segment, long[] live, int maxRows) {
    List<SegmentSplit> splits = new ArrayList<>();
    int maxWords = Math.max(1, maxRows / Long.SIZE);
    for (int word = 0; word < live.length; word += maxWords) {
      long[] part = Arrays.copyOfRange(live, word, Math.min(live.length, word + maxWords));
      if (Arrays.stream(part).anyMatch(bits -> bits != 0)) {
        splits.add(new SegmentSplit(segment, word * Long.SIZE, part));
      }
    }
    return splits;
  }

  @Override
  public String splitId() {
    return segment.path() + " from row " + firstRow;
  }

  /** What of it is left once the rows before {@code row} were read. */
  SegmentSplit from(int row) {
    long[] rest = live.clone();
    int read = Math.min(row - firstRow, rest.length * Long.SIZE);
    Arrays.fill(rest, 0, read >> 6, 0);
    if ((read & 63) != 0) {
      rest[read >> 6] &= -1L << read;
    }
    return new SegmentSplit(segment, firstRow, rest);
  }

  void write(DataOutputStream out) throws IOException {
    out.writeUTF(segment.path());
    out.writeLong(segment.file().bytes());
    out.writeUTF(segment.file().crc32c());
    out.writeLong(segment.sequence());
    out.writeLong(segment.rows());
    out.writeLong(segment.deletes());
    out.writeLong(segment.minOrder());
    out.writeLong(segment.maxOrder());
    out.writeInt(firstRow);
    out.writeInt(live.length);
    for (long word : live) {
      out.writeLong(word);
    }
  }

  static SegmentSplit read(DataInputStream in) throws IOException {
    FileRef file = new FileRef(in.readUTF(), in.readLong(), in.readUTF());
    SegmentRef segment =
        new SegmentRef(
            file, in.readLong(), in.readLong(), in.readLong(), in.readLong(), in.readLong());
    int firstRow = in.readInt();
    long[] live = new long[in.readInt()];
    for (int i = 0; i < live.length; i++) {
      live[i] = in.readLong();
    }
    return new SegmentSplit(segment, firstRow, live);
  }

  /** For the state of readers. */
  static final class Serializer implements SimpleVersionedSerializer<SegmentSplit> {
    private static final int VERSION = 1;

    @Override
    public int getVersion() {
      return VERSION;
    }

    @Override
    public byte[] serialize(SegmentSplit split) throws IOException {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      split.write(new DataOutputStream(bytes));
      return bytes.toByteArray();
    }

    @Override
    public SegmentSplit deserialize(int version, byte[] bytes) throws IOException {
      checkVersion(version, VERSION);
      return read(new DataInputStream(new ByteArrayInputStream(bytes)));
    }
  }

  static void checkVersion(int version, int known) throws IOException {
    if (version != known) {
      throw new IOException(
          "the job's state holds parts of segments of version "
              + version
              + ", this Tarn knows "
              + known
              + ": start the query without its state");
    }
  }
}
