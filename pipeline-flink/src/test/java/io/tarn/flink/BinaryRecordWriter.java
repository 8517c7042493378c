package io.tarn.flink;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tarn.embedding.Content;
import io.tarn.flink.RecordFields.Op;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Schema;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;

/** Writes Tarn's compact format as a producer would, from docs/streaming.md. */
final class BinaryRecordWriter {
  private BinaryRecordWriter() {}

  static byte[] write(Schema schema, RecordFields fields) {
    ByteBuffer out = ByteBuffer.allocate(100_000).order(ByteOrder.LITTLE_ENDIAN);
    out.put((byte) 1).put((byte) flags(fields));
    if (fields.id() != null) {
      if (schema.idType() == IdType.INT64) {
        out.putLong(Long.parseLong(fields.id()));
      } else {
        byte[] id = fields.id().getBytes(UTF_8);
        out.putShort((short) id.length).put(id);
      }
    }
    fields.order().ifPresent(out::putLong);
    if (fields.embedder() != null) {
      out.put(HexFormat.of().parseHex(fields.embedder()));
    }
    if (fields.vector() != null) {
      out.putInt(fields.vector().length);
      for (float value : fields.vector()) {
        out.putFloat(value);
      }
    }
    if (fields.content() instanceof Content.Text text) {
      putText(out, text.text());
    }
    if (hasAttributes(fields)) {
      putAttributes(out, schema, fields.attributes());
    }
    if (fields.content() instanceof Content.Image image) {
      out.putInt(image.bytes().length).put(image.bytes());
    }
    return Arrays.copyOf(out.array(), out.position());
  }

  private static int flags(RecordFields fields) {
    return (fields.op() == Op.DELETE ? 1 : 0)
        | (fields.id() == null ? 0 : 2)
        | (fields.order().isPresent() ? 4 : 0)
        | (fields.embedder() == null ? 0 : 8)
        | (fields.vector() == null ? 0 : 16)
        | (fields.content() instanceof Content.Text ? 32 : 0)
        | (fields.content() instanceof Content.Image ? 128 : 0)
        | (hasAttributes(fields) ? 64 : 0);
  }

  private static boolean hasAttributes(RecordFields fields) {
    return Arrays.stream(fields.attributes()).anyMatch(Objects::nonNull);
  }

  private static void putText(ByteBuffer out, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    out.putInt(bytes.length).put(bytes);
  }

  private static void putAttributes(ByteBuffer out, Schema schema, Object[] values) {
    out.putShort((short) Arrays.stream(values).filter(Objects::nonNull).count());
    for (int i = 0; i < values.length; i++) {
      if (values[i] == null) {
        continue;
      }
      byte[] name = schema.attributes().get(i).name().getBytes(UTF_8);
      out.put((byte) name.length).put(name);
      if (values[i] instanceof String text) {
        putText(out.put((byte) 1), text);
      } else if (values[i] instanceof Long number) {
        out.put((byte) 2).putLong(number);
      } else if (values[i] instanceof Double number) {
        out.put((byte) 3).putDouble(number);
      } else if (values[i] instanceof Boolean truth) {
        out.put((byte) 4).put((byte) (truth ? 1 : 0));
      } else {
        out.put((byte) 5).putLong(ChronoUnit.MICROS.between(Instant.EPOCH, (Instant) values[i]));
      }
    }
  }
}
