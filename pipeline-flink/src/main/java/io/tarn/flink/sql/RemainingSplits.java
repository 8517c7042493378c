package io.tarn.flink.sql;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * What no reader was given yet.
 *
 * @param settled whether it is known which rows are live; before, there are no splits
 */
record RemainingSplits(boolean settled, List<SegmentSplit> splits) {
  RemainingSplits {
    splits = List.copyOf(splits);
  }

  /** For the state of the enumerator. */
  static final class Serializer implements SimpleVersionedSerializer<RemainingSplits> {
    private static final int VERSION = 1;

    @Override
    public int getVersion() {
      return VERSION;
    }

    @Override
    public byte[] serialize(RemainingSplits remaining) throws IOException {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(bytes);
      out.writeBoolean(remaining.settled());
      out.writeInt(remaining.splits().size());
      for (SegmentSplit split : remaining.splits()) {
        split.write(out);
      }
      return bytes.toByteArray();
    }

    @Override
    public RemainingSplits deserialize(int version, byte[] bytes) throws IOException {
      SegmentSplit.checkVersion(version, VERSION);
      DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
      boolean settled = in.readBoolean();
      int count = in.readInt();
      List<SegmentSplit> splits = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        splits.add(SegmentSplit.read(in));
      }
      return new RemainingSplits(settled, splits);
    }
  }
}
