package io.tarn.flink;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What Prometheus would read over HTTP. */
record Scrape(List<Sample> samples) {
  private static final Pattern LINE = Pattern.compile("(\\w+)\\{(.*)} (\\S+)");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");
  private static final String PREFIX = "flink_taskmanager_job_task_operator_tarn_";

  record Sample(String name, Map<String, String> labels, double value) {}

  /** Reads what is said of one job; those that ran before it in the cluster may still be named. */
  static Scrape of(int port, String jobId) throws IOException, InterruptedException {
    String body =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics")).build(),
                HttpResponse.BodyHandlers.ofString())
            .body();
    return new Scrape(
        body.lines()
            .filter(line -> !line.startsWith("#"))
            .map(Scrape::parse)
            .filter(sample -> sample.labels.getOrDefault("job_id", jobId).equals(jobId))
            .toList());
  }

  private static Sample parse(String line) {
    Matcher matcher = LINE.matcher(line);
    if (!matcher.matches()) {
      return new Sample(line, Map.of(), Double.NaN);
    }
    Map<String, String> labels = new TreeMap<>();
    LABEL.matcher(matcher.group(2)).results().forEach(l -> labels.put(l.group(1), l.group(2)));
    return new Sample(matcher.group(1), labels, Double.parseDouble(matcher.group(3)));
  }

  /** The samples of a metric of the job, with all of these labels. */
  List<Sample> of(String metric, Map<String, String> labels) {
    return samples.stream()
        .filter(sample -> sample.name.equals(PREFIX + metric))
        .filter(sample -> sample.labels.entrySet().containsAll(labels.entrySet()))
        .toList();
  }

  /** Summed over subtasks; not a number if there is no such metric. */
  double sum(String metric) {
    return sum(metric, Map.of());
  }

  double sum(String metric, Map<String, String> labels) {
    List<Sample> found = of(metric, labels);
    return found.isEmpty() ? Double.NaN : found.stream().mapToDouble(Sample::value).sum();
  }

  /** The names of the job's metrics, without what Flink puts before them. */
  List<String> names() {
    return samples.stream()
        .map(Sample::name)
        .filter(name -> name.startsWith(PREFIX))
        .map(name -> name.substring(PREFIX.length()))
        .distinct()
        .toList();
  }
}
