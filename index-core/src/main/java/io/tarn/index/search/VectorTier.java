package io.tarn.index.search;

import java.util.Locale;

/** Where the vectors of an open index are. Codes, ids and attributes are in memory in any case. */
public enum VectorTier {
  /** The first of the others, in this order, for which the memory budget is enough. */
  AUTO,

  /** In memory, in a quarter of the bytes if all values are whole numbers from 0 to 255. */
  MEMORY,

  /**
   * In the segments' files, mapped into memory: the operating system reads what is looked at and
   * keeps it as long as it has room. Takes no heap. Local files only.
   */
  MAPPED,

  /**
   * In the segments' files, whose pages are read through the storage when needed. What the budget
   * leaves is a cache for them.
   */
  REMOTE;

  /** The name in messages and options. */
  public String externalName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
