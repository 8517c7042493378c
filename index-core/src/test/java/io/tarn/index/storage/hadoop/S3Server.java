package io.tarn.index.storage.hadoop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.gaul.s3proxy.AuthenticationType;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.blobstore.ForwardingBlobStore;
import org.gaul.s3proxy.blobstore.domain.Blob;
import org.gaul.s3proxy.blobstore.domain.StorageMetadata;
import org.gaul.s3proxy.blobstore.options.ListContainerOptions;
import org.gaul.s3proxy.blobstore.options.PutOptions;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;

/** An S3 server in this JVM, its objects in memory, that can be told to misbehave. */
public final class S3Server implements AutoCloseable {
  public static final String BUCKET = "bucket";

  /** What happens to objects that are put. */
  enum Fault {
    NONE,
    /** They are stored, and the answer is an error. */
    ANSWER_LOST,
    /** They are not stored, and the answer is an error. */
    REQUEST_LOST,
    /** They are stored whatever the conditions. */
    CONDITIONS_IGNORED
  }

  private final FaultyStore store = new FaultyStore(new TransientNio2BlobStore());
  private final S3Proxy server;

  public S3Server() throws Exception {
    server =
        S3Proxy.builder()
            .blobStore(store)
            .awsAuthentication(AuthenticationType.NONE, null, null)
            .endpoint(URI.create("http://127.0.0.1:0"))
            .build();
    server.start();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(endpoint() + "/" + BUCKET))
            .PUT(HttpRequest.BodyPublishers.noBody())
            .build();
    HttpResponse<String> response =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new IOException("no bucket: " + response.statusCode() + " " + response.body());
    }
  }

  String endpoint() {
    return "http://127.0.0.1:" + server.getPort();
  }

  /** What a client has to know, with parts small enough to have some. */
  public Map<String, String> settings() {
    return Map.of(
        "fs.s3a.endpoint", endpoint(),
        "fs.s3a.endpoint.region", "us-east-1",
        "fs.s3a.path.style.access", "true",
        "fs.s3a.access.key", "anyone",
        "fs.s3a.secret.key", "anything",
        "fs.s3a.multipart.size", "5M",
        "fs.s3a.multipart.threshold", "5M",
        "fs.s3a.retry.limit", "1",
        "fs.s3a.attempts.maximum", "2",
        "hadoop.tmp.dir", System.getProperty("java.io.tmpdir"));
  }

  Configuration configuration() {
    Configuration configuration = new Configuration();
    settings().forEach(configuration::set);
    return configuration;
  }

  void putFault(Fault fault) {
    store.fault = fault;
  }

  List<String> objectsBelow(String prefix) {
    List<String> found = new ArrayList<>();
    ListContainerOptions options = ListContainerOptions.builder().prefix(prefix).build();
    for (StorageMetadata object : store.list(BUCKET, options)) {
      found.add(object.name().substring(prefix.length()));
    }
    return found;
  }

  int unfinishedUploads() {
    return store.listMultipartUploads(BUCKET).size();
  }

  @Override
  public void close() throws Exception {
    server.stop();
    store.close();
  }

  private static final class FaultyStore extends ForwardingBlobStore {
    private volatile Fault fault = Fault.NONE;

    FaultyStore(BlobStore store) {
      super(store);
    }

    @Override
    public String putBlob(String container, Blob blob, PutOptions options) {
      return switch (fault) {
        case NONE -> super.putBlob(container, blob, options);
        case CONDITIONS_IGNORED ->
            super.putBlob(container, blob, options.toBuilder().ifNoneMatch(null).build());
        case REQUEST_LOST -> throw lost();
        case ANSWER_LOST -> {
          super.putBlob(container, blob, options);
          throw lost();
        }
      };
    }

    private static UncheckedIOException lost() {
      return new UncheckedIOException(new IOException("the answer is missing"));
    }
  }
}
