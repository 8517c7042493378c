package io.tarn.it;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import org.gaul.s3proxy.AuthenticationType;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;

/** An S3 server with one bucket, its objects in memory. */
final class S3Server implements AutoCloseable {
  private static final String BUCKET = "bucket";

  private final BlobStore store = new TransientNio2BlobStore();
  private final S3Proxy server;

  private S3Server() {
    server =
        S3Proxy.builder()
            .blobStore(store)
            .awsAuthentication(AuthenticationType.NONE, null, null)
            .endpoint(URI.create("http://127.0.0.1:0"))
            .build();
  }

  static S3Server start() throws Exception {
    S3Server started = new S3Server();
    started.server.start();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(started.endpoint() + "/" + BUCKET))
            .PUT(HttpRequest.BodyPublishers.noBody())
            .build();
    HttpResponse<String> response =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      started.close();
      throw new IOException("no bucket: " + response.statusCode() + " " + response.body());
    }
    return started;
  }

  private String endpoint() {
    return "http://127.0.0.1:" + server.getPort();
  }

  static String location(String path) {
    return "s3a://" + BUCKET + "/" + path;
  }

  /** What a client has to know. */
  Map<String, String> settings() {
    return Map.of(
        "fs.s3a.endpoint", endpoint(),
        "fs.s3a.endpoint.region", "us-east-1",
        "fs.s3a.path.style.access", "true",
        "fs.s3a.access.key", "anyone",
        "fs.s3a.secret.key", "anything");
  }

  @Override
  public void close() throws Exception {
    server.stop();
    store.close();
  }
}
