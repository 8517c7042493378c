package io.tarn.index.format;

import io.tarn.index.snapshot.FileRef;
import io.tarn.index.storage.PendingFile;
import io.tarn.index.storage.Storage;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/** Whole files whose length and CRC-32C a snapshot records. */
public final class ChecksummedFile {
  private static final int CONTENT_ADDRESS_DIGITS = 32;

  private ChecksummedFile() {}

  /** The CRC-32C of {@code bytes} as eight lower-case hex digits. */
  static String crc32c(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length);
    return hex(crc);
  }

  static String hex(CRC32C crc) {
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }

  /**
   * Reads a file and checks it.
   *
   * @throws DamagedFileException if it is missing, or its length or checksum is wrong
   */
  public static byte[] read(Storage storage, FileRef ref) throws IOException {
    checkLength(storage, ref);
    byte[] bytes;
    try {
      bytes = storage.read(ref.path(), 0, (int) ref.bytes());
    } catch (NoSuchFileException | EOFException e) {
      throw new DamagedFileException(ref.path(), "vanished while it was read", e);
    }
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length);
    checkCrc(ref, crc);
    return bytes;
  }

  /**
   * Checks that a file is there and has the length that a snapshot records.
   *
   * @throws DamagedFileException if not
   */
  static void checkLength(Storage storage, FileRef ref) throws IOException {
    if (ref.bytes() > Format.MAX_FILE_BYTES) {
      throw new DamagedFileException(ref.path(), "is recorded with " + ref.bytes() + " bytes");
    }
    long found =
        storage
            .stat(ref.path())
            .orElseThrow(
                () -> new DamagedFileException(ref.path(), "is missing in " + storage.location()))
            .bytes();
    if (found != ref.bytes()) {
      throw new DamagedFileException(
          ref.path(), "has " + found + " bytes where the snapshot records " + ref.bytes());
    }
  }

  /** Checks the sum of all bytes of a file. */
  static void checkCrc(FileRef ref, CRC32C sum) throws DamagedFileException {
    String crc = hex(sum);
    if (!crc.equals(ref.crc32c())) {
      throw new DamagedFileException(
          ref.path(), "has CRC-32C " + crc + " where the snapshot records " + ref.crc32c());
    }
  }

  /**
   * Stores {@code bytes} under their content address, {@code models/<address>.<extension>}. The
   * same bytes are stored once, however often they are written.
   *
   * @param extension what the name ends with, without a dot
   */
  public static FileRef writeModel(Storage storage, byte[] bytes, String extension)
      throws IOException {
    String path = Format.MODELS + contentAddress(bytes) + "." + extension;
    try (PendingFile file = storage.create(path)) {
      file.write(bytes);
      file.publish();
    } catch (FileAlreadyExistsException e) {
      // The name is a digest of the content: what exists is what we would have written.
    }
    return new FileRef(path, bytes.length, crc32c(bytes));
  }

  /** The first 32 hex digits of the SHA-256 of {@code bytes}. */
  public static String contentAddress(byte[] bytes) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      return HexFormat.of().formatHex(digest).substring(0, CONTENT_ADDRESS_DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
