package io.tarn.spark;

import io.tarn.spark.input.UnusableInputException;
import java.io.IOException;
import org.apache.spark.SparkException;

/** Finds, in what Spark reports of a failed task, what the task itself had to say. */
final class Failures {
  private Failures() {}

  /** What a job does. */
  interface Work<T> {
    T run() throws IOException;
  }

  /**
   * Does the work of a job. If a task failed because of its input or of a file, that is thrown,
   * rather than Spark's account of it.
   */
  static <T> T unwrapped(Work<T> work) throws IOException {
    try {
      return work.run();
    } catch (Exception e) {
      // Scala does not declare the checked exceptions it throws.
      if (e instanceof SparkException) {
        for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
          if (cause instanceof UnusableInputException unusable) {
            throw unusable;
          }
          if (cause instanceof IOException failure) {
            throw failure;
          }
        }
      }
      throw e;
    }
  }
}
