package io.tarn.index.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.column.values.ValuesWriter;
import org.apache.parquet.column.values.delta.DeltaBinaryPackingValuesWriterForInteger;
import org.apache.parquet.column.values.delta.DeltaBinaryPackingValuesWriterForLong;
import org.apache.parquet.column.values.deltalengthbytearray.DeltaLengthByteArrayValuesWriter;
import org.apache.parquet.format.DataPageHeaderV2;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.io.api.Binary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Parquet's own writers are the oracle. */
class PageValuesTest {
  private static final int BYTES = 64 * 1024;

  private static DataPageHeaderV2 page(Encoding encoding, int count) {
    return new DataPageHeaderV2(count, 0, count, encoding, 0, 0);
  }

  private static ByteBuffer written(ValuesWriter writer) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    writer.getBytes().writeAllTo(out);
    return ByteBuffer.wrap(out.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static ByteBuffer longs(long[] values) throws IOException {
    ValuesWriter writer =
        new DeltaBinaryPackingValuesWriterForLong(BYTES, BYTES, new HeapByteBufferAllocator());
    for (long value : values) {
      writer.writeLong(value);
    }
    return written(writer);
  }

  private static long[] decoded(ByteBuffer bytes, int count, boolean wide) throws IOException {
    long[] numbers =
        new PageValues().numbers(page(Encoding.DELTA_BINARY_PACKED, count), bytes, wide);
    return Arrays.copyOf(numbers, count);
  }

  @Property(tries = 300)
  void anyLongsAreReadBack(@ForAll long[] values) throws IOException {
    assertThat(decoded(longs(values), values.length, true)).isEqualTo(values);
  }

  /** Runs of differences of every width, over several blocks, the last of any length. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 31, 32, 33, 127, 128, 129, 130, 1000, 4098})
  void longsOfEveryWidthAreReadBack(int count) throws IOException {
    for (int bits = 0; bits <= 64; bits++) {
      SplittableRandom random = new SplittableRandom(31L * count + bits);
      long[] values = new long[count];
      for (int i = 0; i < count; i++) {
        values[i] = bits == 0 ? 5 : random.nextLong() >>> 64 - bits;
      }
      assertThat(decoded(longs(values), count, true)).as("%s bits", bits).isEqualTo(values);
    }
  }

  @Property(tries = 300)
  void anyIntsAreReadBack(@ForAll int[] values) throws IOException {
    ValuesWriter writer =
        new DeltaBinaryPackingValuesWriterForInteger(BYTES, BYTES, new HeapByteBufferAllocator());
    for (int value : values) {
      writer.writeInteger(value);
    }
    assertThat(decoded(written(writer), values.length, false))
        .isEqualTo(Arrays.stream(values).asLongStream().toArray());
  }

  @Property(tries = 200)
  void anyTextsAreReadBack(@ForAll List<String> values) throws IOException {
    ByteBuffer bytes = texts(values);
    List<String> read = new ArrayList<>();
    new PageValues()
        .texts(
            page(Encoding.DELTA_LENGTH_BYTE_ARRAY, values.size()),
            bytes,
            (utf8, lengths, count) -> {
              int at = 0;
              for (int i = 0; i < count; i++) {
                read.add(new String(utf8, at, (int) lengths[i], StandardCharsets.UTF_8));
                at += (int) lengths[i];
              }
            });
    // What no UTF-8 can say is said with a question mark by the writer already.
    assertThat(read)
        .isEqualTo(
            values.stream()
                .map(v -> new String(v.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8))
                .toList());
  }

  private static ByteBuffer texts(List<String> values) throws IOException {
    ValuesWriter writer =
        new DeltaLengthByteArrayValuesWriter(BYTES, BYTES, new HeapByteBufferAllocator());
    for (String value : values) {
      writer.writeBytes(Binary.fromConstantByteArray(value.getBytes(StandardCharsets.UTF_8)));
    }
    return written(writer);
  }

  /** Garbage is refused or read as something else; it takes no memory beyond what was announced. */
  @Test
  void garbageIsNoErrorOfTheJvm() throws IOException {
    SplittableRandom random = new SplittableRandom(8);
    byte[] numbers = longs(random.longs(200).toArray()).array();
    byte[] texts = texts(List.of("a", "", "longer", "ü", "z".repeat(300))).array();
    for (int i = 0; i < 3000; i++) {
      byte[] garbled = i % 2 == 0 ? numbers.clone() : texts.clone();
      garbled[random.nextInt(garbled.length)] ^= (byte) (1 << random.nextInt(8));
      garbled[random.nextInt(Math.min(12, garbled.length))] = (byte) random.nextInt();
      ByteBuffer bytes =
          ByteBuffer.wrap(garbled, 0, 1 + random.nextInt(garbled.length))
              .slice()
              .order(ByteOrder.LITTLE_ENDIAN);
      try {
        if (i % 2 == 0) {
          decoded(bytes, 200, i % 4 == 0);
        } else {
          new PageValues()
              .texts(
                  page(Encoding.DELTA_LENGTH_BYTE_ARRAY, 5), bytes, (utf8, lengths, count) -> {});
        }
      } catch (IOException | RuntimeException e) {
        // Said so.
      } catch (Error e) {
        fail("round " + i, e);
      }
    }
  }
}
