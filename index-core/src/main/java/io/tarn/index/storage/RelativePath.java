package io.tarn.index.storage;

/** The paths of a {@link Storage}: names with '/' between them, none of which leads elsewhere. */
public final class RelativePath {
  private RelativePath() {}

  /**
   * Checks a path, so that one file has one path only and no path leaves the index.
   *
   * @return the path
   * @throws IllegalArgumentException if it is empty, begins or ends with '/', or has a part that is
   *     empty, "." or ".."
   */
  public static String check(String path) {
    for (String name : path.split("/", -1)) {
      if (name.isEmpty() || name.equals(".") || name.equals("..")) {
        throw new IllegalArgumentException(
            "path '" + path + "' is not made of names with '/' between them");
      }
    }
    return path;
  }
}
