package io.tarn.flink;

import io.tarn.index.format.SnapshotFile;
import io.tarn.index.snapshot.Change;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * Segments that are written, and positions that are read, but not yet published: first what one
 * subtask did up to a checkpoint, then what all of them did together.
 *
 * @param change the change to the index
 * @param records how many records were read
 * @param badRecords how many of the records read were set aside
 */
record PendingChange(Change change, long records, long badRecords) {

  /** State of running jobs holds these bytes; readers take every version up to their own. */
  static final class Serializer implements SimpleVersionedSerializer<PendingChange> {
    private static final int VERSION = 2;

    /** Without the number of records. */
    private static final int FIRST_VERSION = 1;

    @Override
    public int getVersion() {
      return VERSION;
    }

    @Override
    public byte[] serialize(PendingChange pending) throws IOException {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(bytes);
      out.writeLong(pending.records());
      out.writeLong(pending.badRecords());
      out.write(SnapshotFile.changeToBytes(pending.change()));
      return bytes.toByteArray();
    }

    @Override
    public PendingChange deserialize(int version, byte[] bytes) throws IOException {
      if (version < FIRST_VERSION || version > VERSION) {
        throw new IOException(
            "the job's state holds changes of version "
                + version
                + ", this Tarn knows "
                + VERSION
                + ": start the job without its state, and it resumes from the index");
      }
      DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
      long records = version == FIRST_VERSION ? 0 : in.readLong();
      long badRecords = in.readLong();
      return new PendingChange(
          SnapshotFile.changeFromBytes(in.readAllBytes()), records, badRecords);
    }
  }
}
