package io.tarn.flink;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;

/** What a class logs while this is open. */
final class LoggedMessages implements AutoCloseable {
  private final List<String> messages = new CopyOnWriteArrayList<>();
  private final Logger logger;
  private final AbstractAppender appender =
      new AbstractAppender("messages", null, null, true, Property.EMPTY_ARRAY) {
        @Override
        public void append(LogEvent event) {
          messages.add(event.getMessage().getFormattedMessage());
        }
      };

  LoggedMessages(Class<?> source) {
    logger = (Logger) LogManager.getLogger(source);
    appender.start();
    logger.addAppender(appender);
  }

  List<String> messages() {
    return messages;
  }

  @Override
  public void close() {
    logger.removeAppender(appender);
    appender.stop();
  }
}
