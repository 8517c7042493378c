package io.tarn.index.search;

import io.tarn.index.filter.Filter;
import java.util.Objects;
import java.util.Optional;

/**
 * What is looked for. Immutable; each method gives a query that differs in one thing:
 *
 * <pre>
 * Query.nearest(vector, 10).probing(Probe.nearest(32)).where(Filter.equal("category", "noun"))
 * </pre>
 */
public final class Query {
  private final float[] vector;
  private final int k;
  private final Probe probe;
  private final float radius;
  private final Filter filter;
  private final boolean stopping;

  private Query(float[] vector, int k, Probe probe, float radius, Filter filter, boolean stopping) {
    this.vector = vector;
    this.k = k;
    this.probe = probe;
    this.radius = radius;
    this.filter = filter;
    this.stopping = stopping;
  }

  /**
   * The k features nearest to a vector.
   *
   * @param vector of the index's dimension; under cosine of any length but zero; not copied
   * @throws IllegalArgumentException if k is less than 1
   */
  public static Query nearest(float[] vector, int k) {
    if (k < 1) {
      throw new IllegalArgumentException("k " + k + " is less than 1");
    }
    return new Query(vector, k, null, Float.POSITIVE_INFINITY, null, false);
  }

  /**
   * All features no farther from a vector than {@code radius}, nearest first.
   *
   * @param radius a distance as hits report it: squared under l2
   * @throws IllegalArgumentException if the radius is no number
   */
  public static Query within(float[] vector, float radius) {
    return new Query(vector, Integer.MAX_VALUE, null, checked(radius), null, false);
  }

  private static float checked(float radius) {
    if (Float.isNaN(radius)) {
      throw new IllegalArgumentException("the radius is no number");
    }
    return radius;
  }

  /** Which lists to look at; by default as {@link Probe#byDefault}. */
  public Query probing(Probe newProbe) {
    return new Query(vector, k, Objects.requireNonNull(newProbe), radius, filter, stopping);
  }

  /** Only features no farther than {@code newRadius}. */
  public Query withRadius(float newRadius) {
    return new Query(vector, k, probe, checked(newRadius), filter, stopping);
  }

  /** Only features for which a filter is true. */
  public Query where(Filter newFilter) {
    return new Query(vector, k, probe, radius, Objects.requireNonNull(newFilter), stopping);
  }

  /**
   * No further lists than those asked for, although they may hold fewer than k features: for
   * whoever looks at parts of an index ({@link IndexReader#openPart}) and knows what all of them
   * found.
   */
  public Query stoppingAtProbes() {
    return new Query(vector, k, probe, radius, filter, true);
  }

  /** The vector. */
  public float[] vector() {
    return vector;
  }

  /** How many features are wanted at most. */
  public int k() {
    return k;
  }

  /** Which lists to look at, in an index of so many. */
  public Probe probe(int listCount) {
    return probe == null ? Probe.byDefault(listCount) : probe;
  }

  /** The largest distance a hit may have; infinite if there is no limit. */
  public float radius() {
    return radius;
  }

  /** Whether no further lists than those asked for are looked at. */
  public boolean isStoppingAtProbes() {
    return stopping;
  }

  /** What a feature must fulfil. */
  public Optional<Filter> filter() {
    return Optional.ofNullable(filter);
  }
}
