package io.tarn.index.commit;

import java.io.IOException;

/** An index was to be created where there is one already. */
public final class IndexExistsException extends IOException {
  private static final long serialVersionUID = 1L;

  public IndexExistsException(String location) {
    super(location + " holds an index already: append to it, or build into another directory");
  }
}
