package io.tarn.index.storage.hadoop;

import io.tarn.index.storage.OutcomeUnknownException;
import io.tarn.index.storage.PendingFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.fs.BulkDelete;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates and deletes objects of an S3 store, through Hadoop's S3A; creates them on the condition
 * that there is none of that name ({@code If-None-Match: *}): the one operation of such a store
 * that both is atomic and never overwrites. An object comes into being when its last byte has
 * arrived, or not at all.
 *
 * <p>Stores exist that pass over the condition in silence; on one, two commits could take one
 * version. So a process that is about to create its first file in a bucket tries it out.
 */
final class ConditionalObjects implements HadoopStorage.Changes {
  private static final Logger LOG = LoggerFactory.getLogger(ConditionalObjects.class);

  private static final String IF_ABSENT =
      Options.CreateFileOptionKeys.FS_OPTION_CREATE_CONDITIONAL_OVERWRITE;

  /** Kept with every object: whose it is, should the answer to its creation get lost. */
  private static final String WRITER = "tarn-writer";

  private static final String SET_WRITER = "fs.s3a.create.header." + WRITER;
  private static final String GET_WRITER = "header." + WRITER;

  private static final String PROBE_PREFIX = HadoopStorage.HIDDEN_PREFIX + "probe-";

  /** The buckets that have been tried out by this process, with their endpoints. */
  private static final Set<String> TRUSTED = ConcurrentHashMap.newKeySet();

  private final FileSystem files;
  private final Path root;

  /**
   * @param root where the index lies, and the objects that try out the store for a moment
   */
  ConditionalObjects(FileSystem files, Path root) {
    this.files = files;
    this.root = root;
  }

  @Override
  public PendingFile create(Path target) throws IOException {
    String store = files.getUri() + " at " + files.getConf().get("fs.s3a.endpoint", "");
    if (!TRUSTED.contains(store)) {
      checkConditionsAreKept();
      TRUSTED.add(store);
    }
    return new PendingObject(target);
  }

  /** In one request: S3A's own deletion also looks for directories, and puts up marks for them. */
  @Override
  public void delete(Path path) throws IOException {
    try (BulkDelete deletion = files.createBulkDelete(path.getParent())) {
      for (Map.Entry<Path, String> failed : deletion.bulkDelete(List.of(path))) {
        throw new IOException("cannot delete " + failed.getKey() + ": " + failed.getValue());
      }
    }
  }

  /** Creates an object twice, which must fail the second time. */
  private void checkConditionsAreKept() throws IOException {
    if (!files.hasPathCapability(root, IF_ABSENT)) {
      throw new IOException(
          "cannot commit safely to "
              + root
              + ": Hadoop's S3A client does not create objects conditionally. It needs Hadoop 3.4.2"
              + " or newer, and fs.s3a.create.conditional.enabled must not be false");
    }
    Path probe = new Path(root, PROBE_PREFIX + UUID.randomUUID());
    try {
      createEmpty(probe);
      if (canCreateAgain(probe)) {
        throw new IOException(
            "cannot commit safely to "
                + root
                + ": the store overwrites an object although it is told not to (If-None-Match: *),"
                + " so that two commits could take the same version. Use a store that keeps the"
                + " condition, as Amazon S3 does");
      }
    } finally {
      delete(probe);
    }
  }

  private void createEmpty(Path path) throws IOException {
    try (PendingFile file = new PendingObject(path)) {
      file.publish();
    }
  }

  private boolean canCreateAgain(Path path) throws IOException {
    try {
      createEmpty(path);
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    }
  }

  /** Who wrote an object, or empty if there is none; the name is empty if no writer left any. */
  private Optional<String> writerOf(Path path) throws IOException {
    try {
      Map<String, byte[]> headers = files.getXAttrs(path);
      byte[] writer = headers.getOrDefault(GET_WRITER, new byte[0]);
      return Optional.of(new String(writer, StandardCharsets.UTF_8));
    } catch (FileNotFoundException e) {
      return Optional.empty();
    }
  }

  private final class PendingObject extends PendingFile {
    private final Path target;
    private final String writer = UUID.randomUUID().toString();
    private final FSDataOutputStream out;
    private boolean sent;

    PendingObject(Path target) throws IOException {
      this.target = target;
      FSDataOutputStreamBuilder<?, ?> builder = files.createFile(target);
      builder.overwrite(false).recursive();
      builder.must(IF_ABSENT, true);
      builder.opt(SET_WRITER, writer);
      this.out = builder.build();
    }

    @Override
    public void write(int b) throws IOException {
      out.write(b);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
    }

    @Override
    public void publish() throws IOException {
      sent = true;
      try {
        out.close();
      } catch (AccessDeniedException e) {
        throw e;
      } catch (IOException e) {
        settle(e);
      }
    }

    /**
     * Settles a failed creation by looking whose object is there. It may be ours: the client
     * repeats a request whose answer is missing, and is then told that the object exists. If there
     * is none, the request may still arrive.
     */
    private void settle(IOException failure) throws IOException {
      Optional<String> found;
      try {
        found = writerOf(target);
      } catch (IOException e) {
        failure.addSuppressed(e);
        found = Optional.empty();
      }
      if (found.isEmpty()) {
        throw new OutcomeUnknownException(
            "whether " + target + " was created is unknown: " + failure.getMessage(), failure);
      }
      if (!found.get().equals(writer)) {
        FileAlreadyExistsException exists =
            new FileAlreadyExistsException(target.toString(), null, "it exists already");
        exists.initCause(failure);
        throw exists;
      }
      LOG.info("{} was created, although its creation seemed to fail", target, failure);
    }

    @Override
    public void close() {
      if (!sent) {
        out.abort();
      }
    }
  }
}
