package io.tarn.index.feature;

import java.util.Locale;

/**
 * How near two vectors are. Every distance Tarn reports is "smaller is nearer":
 *
 * <ul>
 *   <li>{@link #L2}: the squared Euclidean distance;
 *   <li>{@link #COSINE}: 1 - cosine similarity; stored vectors have unit length;
 *   <li>{@link #INNER_PRODUCT}: the negative inner product.
 * </ul>
 */
public enum Metric {
  L2,
  COSINE,
  INNER_PRODUCT;

  /** The name used on disk, in settings and on the command line: {@code l2}, {@code cosine}… */
  public String externalName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Reads an {@link #externalName()}.
   *
   * @throws IllegalArgumentException naming the metrics there are
   */
  public static Metric of(String externalName) {
    for (Metric metric : values()) {
      if (metric.externalName().equals(externalName)) {
        return metric;
      }
    }
    throw new IllegalArgumentException(
        "unknown metric '" + externalName + "': use l2, cosine or inner_product");
  }
}
