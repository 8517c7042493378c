package io.tarn.spark.input;

/**
 * Input, or a request about it, that cannot be worked on. The message is one sentence for the
 * person who started the job: what is wrong, where, and what to do.
 */
public final class UnusableInputException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public UnusableInputException(String message) {
    super(message);
  }

  public UnusableInputException(String message, Throwable cause) {
    super(message, cause);
  }
}
