package io.tarn.index.storage.hadoop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.commit.RacingWriters;
import io.tarn.index.storage.OutcomeUnknownException;
import io.tarn.index.storage.PendingFile;
import io.tarn.index.storage.Storage;
import io.tarn.index.storage.StorageContractTest;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The contract, on an S3 server that is reached through Hadoop's S3A. */
class S3StorageTest extends StorageContractTest {
  private static final AtomicInteger ROOTS = new AtomicInteger();
  private static S3Server server;

  private String root;

  @BeforeAll
  static void startServer() throws Exception {
    server = new S3Server();
  }

  @AfterAll
  static void stopServer() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  @AfterEach
  void mend() {
    server.putFault(S3Server.Fault.NONE);
  }

  @Override
  protected Storage open() throws Exception {
    root = "indexes/" + ROOTS.incrementAndGet();
    return StorageLocation.open(location(), server.configuration());
  }

  @Override
  protected Storage openBelow(String path) throws Exception {
    return StorageLocation.open(location() + "/" + path, server.configuration());
  }

  @Override
  protected List<String> filesOnDisk() {
    return server.objectsBelow(root + "/");
  }

  private String location() {
    return "s3a://" + S3Server.BUCKET + "/" + root;
  }

  @Test
  void writersInTwoProcessesAllSucceed() throws Exception {
    RacingWriters.race(location(), server.settings());
  }

  @Test
  void aFileOfManyPartsIsPublishedOnceToo() throws Exception {
    byte[] content = new byte[12 * 1024 * 1024];
    new Random(1).nextBytes(content);
    write("segments/a", content);

    assertThatThrownBy(() -> write("segments/a", new byte[content.length]))
        .isInstanceOf(FileAlreadyExistsException.class)
        .hasMessageContaining("segments/a");
    try (PendingFile abandoned = storage.create("segments/b")) {
      abandoned.write(content);
    }

    assertThat(storage.read("segments/a", 0, content.length)).isEqualTo(content);
    assertThat(filesOnDisk()).containsExactly("segments/a");
    assertThat(server.unfinishedUploads()).isZero();
  }

  /** The client sends the request again, and is told that there is an object: its own. */
  @Test
  void aFileWhoseAnswerWasLostIsFoundToBePublished() throws Exception {
    write("segments/a", bytes("before"));
    server.putFault(S3Server.Fault.ANSWER_LOST);

    write("versions/1", bytes("hello"));

    assertThat(storage.read("versions/1", 0, 5)).isEqualTo(bytes("hello"));
    assertThatThrownBy(() -> write("versions/1", bytes("other")))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThat(storage.read("versions/1", 0, 5)).isEqualTo(bytes("hello"));
  }

  @Test
  void aFileWhoseRequestWasLostHasAnUnknownOutcome() throws Exception {
    write("segments/a", bytes("before"));
    server.putFault(S3Server.Fault.REQUEST_LOST);

    assertThatThrownBy(() -> write("versions/1", bytes("hello")))
        .isInstanceOf(OutcomeUnknownException.class)
        .hasMessageContaining("versions/1");

    assertThat(filesOnDisk()).containsExactly("segments/a");
  }

  @Test
  void aStoreThatOverwritesAgainstItsOrdersIsRefused() throws Exception {
    try (S3Server careless = new S3Server()) {
      careless.putFault(S3Server.Fault.CONDITIONS_IGNORED);
      try (Storage storage = StorageLocation.open(location(), careless.configuration())) {
        assertThatThrownBy(() -> storage.create("versions/1"))
            .isInstanceOf(IOException.class)
            .hasMessageContaining("cannot commit safely to " + location())
            .hasMessageContaining("If-None-Match");
      }
      assertThat(careless.objectsBelow("")).isEmpty();
    }
  }

  @Test
  void aClientThatIsToldToSetNoConditionsIsRefused() throws Exception {
    try (S3Server other = new S3Server()) {
      Configuration configuration = other.configuration();
      configuration.setBoolean("fs.s3a.create.conditional.enabled", false);
      try (Storage storage = StorageLocation.open(location(), configuration)) {
        assertThatThrownBy(() -> storage.create("versions/1"))
            .isInstanceOf(IOException.class)
            .hasMessageContaining("fs.s3a.create.conditional.enabled");
      }
    }
  }

  @Test
  void aBucketThatIsNotThereIsNamed() {
    assertThatThrownBy(
            () -> {
              try (Storage none =
                  StorageLocation.open("s3a://nobodys/index", server.configuration())) {
                none.stat("versions/1");
                none.create("versions/1").close();
              }
            })
        .isInstanceOf(IOException.class)
        .hasMessageContaining("nobodys");
  }
}
