package io.tarn.index.storage.hadoop;

import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.hdfs.DistributedFileSystem;

/**
 * Where an index lies, as people write it: {@code /data/index} and {@code file:///data/index} are
 * on the local disk, {@code hdfs://namenode:8020/index} in HDFS, {@code s3a://bucket/index} in S3.
 * Only file systems are taken on which a version can be published atomically without ever
 * overwriting another.
 */
public final class StorageLocation {
  /** Two letters at least: {@code C:/} is no scheme. */
  private static final Pattern HAS_SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:/.*");

  private StorageLocation() {}

  /**
   * Opens a location with the Hadoop configuration found on the class path.
   *
   * @throws IllegalArgumentException if it is no location, or one of a file system that is not safe
   * @throws IOException if the file system cannot be reached
   */
  public static Storage open(String location) throws IOException {
    return isLocal(location) ? local(location) : hadoop(location, new Configuration());
  }

  /**
   * Opens a location with a given Hadoop configuration. A path without a scheme is local, whatever
   * {@code fs.defaultFS} says.
   *
   * @throws IllegalArgumentException if it is no location, or one of a file system that is not safe
   * @throws IOException if the file system cannot be reached
   */
  public static Storage open(String location, Configuration configuration) throws IOException {
    return isLocal(location) ? local(location) : hadoop(location, configuration);
  }

  private static boolean isLocal(String location) {
    return location.startsWith("file:") || !HAS_SCHEME.matcher(location).matches();
  }

  private static Storage local(String location) {
    if (location.isBlank()) {
      throw new IllegalArgumentException("the location of an index must not be empty");
    }
    if (!location.startsWith("file:")) {
      return new LocalStorage(java.nio.file.Path.of(location));
    }
    URI uri = uri(location);
    if (uri.getPath() == null || (uri.getHost() != null && !uri.getHost().equals("localhost"))) {
      throw new IllegalArgumentException(
          "'" + location + "' names no local directory: write file:///path, or just the path");
    }
    return new LocalStorage(java.nio.file.Path.of(uri.getPath()));
  }

  private static Storage hadoop(String location, Configuration configuration) throws IOException {
    URI uri = uri(location);
    String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
    return switch (scheme) {
      case "hdfs" -> hdfs(uri, configuration);
      case "s3a" -> s3(location, uri, configuration);
      case "s3", "s3n" ->
          throw new IllegalArgumentException(
              "an index cannot lie at '"
                  + location
                  + "': for S3, write s3a: in place of "
                  + scheme);
      default ->
          throw new IllegalArgumentException(
              "an index cannot lie at '"
                  + location
                  + "': it is not known how to commit safely on "
                  + scheme
                  + ". Use hdfs:, s3a:, file: or a plain path");
    };
  }

  private static Storage hdfs(URI uri, Configuration configuration) throws IOException {
    // An instance of our own, because closing a shared one would close it for others.
    FileSystem files = FileSystem.newInstance(uri, configuration);
    if (!(files instanceof DistributedFileSystem hdfs)) {
      files.close();
      throw new IllegalArgumentException(
          "the Hadoop configuration maps hdfs: to "
              + files.getClass().getName()
              + ", of which it is not known whether commits are safe");
    }
    RenamedFile.Publication rename =
        (pending, target) -> hdfs.rename(pending, target, Options.Rename.NONE);
    return HadoopStorage.open(hdfs, new Path(uri), new RenamedFiles(hdfs, rename));
  }

  private static Storage s3(String location, URI uri, Configuration configuration)
      throws IOException {
    if (uri.getHost() == null && uri.getAuthority() == null) {
      throw new IllegalArgumentException(
          "'" + location + "' names no bucket: write s3a://bucket/path");
    }
    if (uri.getPath().isEmpty() || uri.getPath().equals("/")) {
      throw new IllegalArgumentException(
          "'" + location + "' is a whole bucket: write s3a://bucket/path");
    }
    Configuration ours = new Configuration(configuration);
    // Ranges are read as they are asked for. The default since Hadoop 3.5 reads ahead, and needs
    // more of the AWS SDK.
    ours.set("fs.s3a.input.stream.type", "classic");
    FileSystem files;
    try {
      files = FileSystem.newInstance(uri, ours);
    } catch (RuntimeException | UnsupportedFileSystemException | NoClassDefFoundError e) {
      if (!isClassMissing(e)) {
        throw e;
      }
      throw new IOException(
          "s3a: needs Hadoop's S3 client on the class path, hadoop-aws in the version of Hadoop"
              + " itself and the AWS SDK it asks for: "
              + e.getMessage(),
          e);
    }
    Path root = new Path(uri);
    return HadoopStorage.open(files, root, new ConditionalObjects(files, root));
  }

  private static boolean isClassMissing(Throwable e) {
    return e instanceof UnsupportedFileSystemException
        || e instanceof NoClassDefFoundError
        || e.getCause() instanceof ClassNotFoundException;
  }

  private static URI uri(String location) {
    try {
      return new URI(location);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(
          "'" + location + "' is not a URI (" + e.getReason() + "): a space is written %20", e);
    }
  }
}
