package io.tarn.cli.streambench;

import java.util.List;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.HistogramStatistics;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/** Some metrics of the job that was started last in this JVM. */
public final class JobMetrics implements MetricReporter {
  /** Flink makes the reporter, and hands it to nobody. */
  private static final AtomicReference<JobMetrics> NEWEST = new AtomicReference<>();

  private final List<Counter> recordsRead = new CopyOnWriteArrayList<>();
  private final AtomicReference<Histogram> commitMs = new AtomicReference<>();

  /** Made by Flink, by its name. */
  public static final class Factory implements MetricReporterFactory {
    @Override
    public MetricReporter createMetricReporter(Properties properties) {
      JobMetrics metrics = new JobMetrics();
      NEWEST.set(metrics);
      return metrics;
    }
  }

  /** Those of the cluster that was started last. */
  static JobMetrics newest() {
    return NEWEST.get();
  }

  @Override
  public void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {
    String identifier = group.getMetricIdentifier(name);
    if (name.equals("numRecordsIn") && identifier.contains(".Source: kafka source.")) {
      recordsRead.add((Counter) metric);
    } else if (name.equals("commitMs")) {
      commitMs.set((Histogram) metric);
    }
  }

  @Override
  public void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {
    // What they were at the end is wanted after it.
  }

  @Override
  public void open(MetricConfig config) {}

  @Override
  public void close() {}

  /** Records that all subtasks of the source have read. */
  long recordsRead() {
    return recordsRead.stream().mapToLong(Counter::getCount).sum();
  }

  /** How long commits took, in milliseconds. */
  HistogramStatistics commitMs() {
    return commitMs.get().getStatistics();
  }
}
