package io.tarn.index.snapshot;

import java.io.Serializable;

/**
 * A file of the index and what its bytes must be.
 *
 * @param path relative to the index
 * @param bytes its length
 * @param crc32c the CRC-32C of all its bytes, as eight lower-case hex digits
 */
public record FileRef(String path, long bytes, String crc32c) implements Serializable {}
