package io.tarn.spark.segment;

import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/**
 * The attempts at tasks of one Spark job. A job is over when each task has succeeded once, though
 * speculative twins may be at it still: Spark kills them, and does not wait.
 */
final class TaskAttempts extends SparkListener {
  private static final String PROPERTY = "tarn.attempts";

  private final String id = UUID.randomUUID().toString();
  private final Set<Object> jobs = new HashSet<>();
  private final Set<Object> stages = new HashSet<>();
  private final Set<Long> running = new HashSet<>();

  private TaskAttempts() {}

  /** What watching a job gave. */
  interface Watched<T> {
    /**
     * Takes part in what is done when the job is over, well or not.
     *
     * @param value what the job gave; null if it failed
     * @param allEnded whether no attempt at a task runs any more
     */
    void over(T value, boolean allEnded);
  }

  /**
   * Runs a job, waits for the attempts that still run, and has the rest done.
   *
   * @param timeoutMs the longest to wait for them
   */
  static <T> T watch(SparkContext context, Supplier<T> job, long timeoutMs, Watched<T> then) {
    TaskAttempts attempts = new TaskAttempts();
    context.addSparkListener(attempts);
    T value = null;
    try {
      context.setLocalProperty(PROPERTY, attempts.id);
      value = job.get();
      return value;
    } finally {
      context.setLocalProperty(PROPERTY, null);
      boolean allEnded = attempts.await(timeoutMs);
      context.removeSparkListener(attempts);
      then.over(value, allEnded);
    }
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart job) {
    if (job.properties() != null && id.equals(job.properties().getProperty(PROPERTY))) {
      jobs.add(job.jobId());
      job.stageIds().foreach(stages::add);
    }
  }

  @Override
  public synchronized void onTaskStart(SparkListenerTaskStart task) {
    if (stages.contains(task.stageId())) {
      running.add(task.taskInfo().taskId());
    }
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd task) {
    running.remove(task.taskInfo().taskId());
    notifyAll();
  }

  @Override
  public synchronized void onJobEnd(SparkListenerJobEnd job) {
    jobs.remove(job.jobId());
    notifyAll();
  }

  /** Events come in order, and late: a job's end comes behind the starts of all its tasks. */
  private synchronized boolean await(long timeoutMs) {
    long endNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
    try {
      while (stages.isEmpty() || !jobs.isEmpty() || !running.isEmpty()) {
        long leftMs = TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime());
        if (leftMs <= 0) {
          return false;
        }
        wait(leftMs);
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
