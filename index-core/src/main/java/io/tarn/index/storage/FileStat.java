package io.tarn.index.storage;

/**
 * A file of a {@link Storage}.
 *
 * @param path relative to the root
 * @param bytes its length
 * @param modifiedMs when it was created, in milliseconds since the epoch
 */
public record FileStat(String path, long bytes, long modifiedMs) {}
