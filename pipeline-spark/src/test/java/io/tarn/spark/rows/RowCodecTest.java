package io.tarn.spark.rows;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.embedding.Content;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RowCodecTest {
  private static final RowCodec CODEC =
      new RowCodec(
          List.of(
              new Attribute("s", AttributeType.STRING),
              new Attribute("l", AttributeType.LONG),
              new Attribute("d", AttributeType.DOUBLE),
              new Attribute("b", AttributeType.BOOLEAN),
              new Attribute("t", AttributeType.TIMESTAMP)));

  private static final Object[] VALUES = {
    "añ😀", Long.MIN_VALUE, Double.NaN, true, Instant.parse("1901-01-01T00:00:00.000001Z")
  };

  private static InputRow row(Random random, long position) {
    FeatureId id =
        random.nextBoolean() ? FeatureId.of(random.nextLong()) : FeatureId.of("ü" + position);
    switch (random.nextInt(4)) {
      case 0:
        return new InputRow.Rejected(
            random.nextBoolean() ? null : "id", position, Reason.UNPARSABLE, "why");
      case 1:
        return new InputRow.Readable(
            id, null, null, random.nextLong(), position, true, new Object[0]);
      default:
        float[] vector = random.nextBoolean() ? null : new float[random.nextInt(2000)];
        for (int i = 0; vector != null && i < vector.length; i++) {
          vector[i] = Float.intBitsToFloat(random.nextInt());
        }
        Object[] attributes = VALUES.clone();
        for (int i = 0; i < attributes.length; i++) {
          attributes[i] = random.nextBoolean() ? null : attributes[i];
        }
        Content content =
            List.of(
                    Optional.<Content>empty(),
                    Optional.<Content>of(new Content.Text("text")),
                    Optional.<Content>of(new Content.Image(new byte[] {0, -1, 5})))
                .get(random.nextInt(3))
                .orElse(null);
        return new InputRow.Readable(
            id, vector, content, random.nextLong(), position, false, attributes);
    }
  }

  @Test
  void rowsComeBackAsTheyWent() {
    Random random = new Random(7);
    RowBuffer buffer = new RowBuffer();
    List<InputRow> rows = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      rows.add(row(random, i));
      CODEC.write(rows.get(i), buffer);
    }
    Iterator<InputRow> read = CODEC.readAll(buffer.toBytes(), 0);
    for (InputRow row : rows) {
      assertSame(read.next(), row);
      assertSame(CODEC.read(CODEC.toBytes(row)), row);
    }
    assertThat(read).isExhausted();
  }

  private static void assertSame(InputRow found, InputRow expected) {
    if (!(expected instanceof InputRow.Readable readable)) {
      assertThat(found).isEqualTo(expected);
      return;
    }
    InputRow.Readable other = (InputRow.Readable) found;
    assertThat(other.id()).isEqualTo(readable.id());
    assertThat(Arrays.equals(other.vector(), readable.vector())).isTrue();
    assertThat(other.content()).isEqualTo(readable.content());
    assertThat(other.order()).isEqualTo(readable.order());
    assertThat(other.position()).isEqualTo(readable.position());
    assertThat(other.deleted()).isEqualTo(readable.deleted());
    assertThat(other.attributes()).containsExactly(readable.attributes());
  }

  @Test
  void positionsAreCountedFromWhereTheRunBegins() {
    InputRow row = new InputRow.Rejected("a", 7, Reason.UNPARSABLE, "why");
    assertThat(CODEC.readAll(CODEC.toBytes(row), 1000).next().position()).isEqualTo(1007);
  }
}
