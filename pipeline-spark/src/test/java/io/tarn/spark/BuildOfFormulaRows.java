package io.tarn.spark;

import com.sun.management.GarbageCollectionNotificationInfo;
import io.tarn.settings.Settings;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import javax.management.NotificationEmitter;
import javax.management.openmbean.CompositeData;
import org.apache.spark.sql.SparkSession;

/** A build of {@link FormulaRows}, and an append of further ones, in a JVM of their own. */
final class BuildOfFormulaRows {
  /** Stands before the heap in use behind the full collection that left the most. */
  static final String PEAK = "peak heap in use after a full collection: ";

  private static final int TASKS = 8;
  private static final String SEGMENT_BYTES = "segment-bytes=33554432";

  private BuildOfFormulaRows() {}

  /** Arguments: where the index goes, how many rows are built, and appended, dimension. */
  public static void main(String[] args) throws IOException {
    AtomicLong peak = watchFullCollections();
    String index = "index=" + args[0];
    long built = Long.parseLong(args[1]);
    long appended = Long.parseLong(args[2]);
    int dimension = Integer.parseInt(args[3]);
    try (SparkSession spark = SparkSession.builder().appName("formula").getOrCreate()) {
      BuildJob.run(
          spark,
          Settings.load(
              BuildSettings.class,
              Optional.empty(),
              List.of(
                  index,
                  "input.path=rows",
                  "nlist=64",
                  "training.iterations=3",
                  "training.max-sample-bytes=4194304",
                  SEGMENT_BYTES)),
          FormulaRows.table(spark, 0, built, dimension, TASKS));
      AppendJob.run(
          spark,
          Settings.load(
              AppendSettings.class,
              Optional.empty(),
              List.of(index, "input.path=rows", SEGMENT_BYTES)),
          FormulaRows.table(spark, built, built + appended, dimension, TASKS));
    }
    System.out.println(PEAK + (peak.get() >> 20) + " MiB");
  }

  /** What a full collection leaves is in use; a young one also leaves old garbage. */
  private static AtomicLong watchFullCollections() {
    Set<String> heapPools =
        ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP)
            .map(pool -> pool.getName())
            .collect(Collectors.toSet());
    AtomicLong peak = new AtomicLong();
    for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      ((NotificationEmitter) collector)
          .addNotificationListener(
              (notification, unused) -> {
                GarbageCollectionNotificationInfo collection =
                    GarbageCollectionNotificationInfo.from(
                        (CompositeData) notification.getUserData());
                if (collection.getGcAction().equals("end of major GC")) {
                  Map<String, MemoryUsage> after = collection.getGcInfo().getMemoryUsageAfterGc();
                  long used = heapPools.stream().mapToLong(pool -> after.get(pool).getUsed()).sum();
                  peak.accumulateAndGet(used, Math::max);
                }
              },
              null,
              null);
    }
    return peak;
  }
}
