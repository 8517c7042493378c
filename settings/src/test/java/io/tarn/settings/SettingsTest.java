package io.tarn.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {

  enum Metric {
    L2,
    INNER_PRODUCT
  }

  record Kafka(String bootstrapServers, Map<String, String> properties) {}

  record Attribute(String name, @Default("string") String type) {}

  record Job(
      String index,
      @Default("l2") Metric metric,
      @Default("" + DEFAULT_NLIST) int nlist,
      @Default("42") long seed,
      @Default("0.5") double sampleShare,
      @Default("true") boolean normalize,
      @Default("30000") long checkpointIntervalMs,
      Optional<Path> input,
      List<String> columns,
      List<Attribute> attributes,
      Optional<Kafka> kafka) {

    static final int DEFAULT_NLIST = 256;

    Job {
      if (nlist < 1) {
        throw new IllegalArgumentException("nlist must be at least 1, got " + nlist);
      }
    }
  }

  @TempDir Path dir;

  @Test
  void keysLeftOutTakeTheDefaultsOfTheRecord() {
    Job job = load("index: /lake/idx");

    assertThat(job)
        .isEqualTo(
            new Job(
                "/lake/idx",
                Metric.L2,
                256,
                42,
                0.5,
                true,
                30_000,
                Optional.empty(),
                List.of(),
                List.of(),
                Optional.empty()));
  }

  @Test
  void everyTypeIsReadFromYaml() {
    Job job =
        load(
            """
            index: 1.10        # text stays as written, although YAML would call it a number
            metric: inner_product
            nlist: 1024
            seed: -9000000000
            sample-share: 1e-3
            normalize: false
            checkpoint-interval-ms: 1000
            input: data/in.parquet
            columns: [id, 'null']
            attributes:
            - {name: title}
            - {name: year, type: long}
            kafka:
              bootstrap-servers: localhost:9092
              properties: {security.protocol: SSL, linger.ms: 5}
            """);

    assertThat(job)
        .isEqualTo(
            new Job(
                "1.10",
                Metric.INNER_PRODUCT,
                1024,
                -9_000_000_000L,
                0.001,
                false,
                1000,
                Optional.of(Path.of("data/in.parquet")),
                List.of("id", "null"),
                List.of(new Attribute("title", "string"), new Attribute("year", "long")),
                Optional.of(
                    new Kafka(
                        "localhost:9092", Map.of("security.protocol", "SSL", "linger.ms", "5")))));
  }

  @Test
  void overridesReachEveryDepthAndTheLastOneWins() {
    Job job =
        load(
            """
            index: from-file
            nlist: 8
            kafka: {bootstrap-servers: a:1, properties: {security.protocol: SSL, acks: all}}
            """,
            "nlist=16",
            "columns=[id, text]",
            "kafka.bootstrap-servers=b:2",
            "kafka.properties.security.protocol=PLAINTEXT",
            "nlist=32");

    assertThat(job.index()).isEqualTo("from-file");
    assertThat(job.nlist()).isEqualTo(32);
    assertThat(job.columns()).containsExactly("id", "text");
    assertThat(job.kafka())
        .contains(new Kafka("b:2", Map.of("security.protocol", "PLAINTEXT", "acks", "all")));
  }

  @Test
  void aFileIsNotNeeded() {
    Job job =
        Settings.load(Job.class, JobArguments.parse("--set", "index=a=b", "--set", "nlist=2"));

    assertThat(job.index()).isEqualTo("a=b");
    assertThat(job.nlist()).isEqualTo(2);
  }

  @Test
  void flagsWinOverOverridesAndAbsentFlagsDoNot() {
    Map<String, Object> flags = new HashMap<>();
    flags.put("nlist", 4);
    flags.put("metric", Metric.INNER_PRODUCT);
    flags.put("columns", List.of("id"));
    flags.put("input", Path.of("x"));
    flags.put("kafka", Map.of("bootstrap-servers", "c:3"));
    flags.put("seed", null);

    Job job =
        Settings.load(Job.class, Optional.empty(), List.of("index=i", "nlist=2", "seed=7"), flags);

    assertThat(job.nlist()).isEqualTo(4);
    assertThat(job.metric()).isEqualTo(Metric.INNER_PRODUCT);
    assertThat(job.columns()).containsExactly("id");
    assertThat(job.input()).contains(Path.of("x"));
    assertThat(job.kafka()).contains(new Kafka("c:3", Map.of()));
    assertThat(job.seed()).isEqualTo(7);
  }

  @Test
  void nullCountsAsNoKey() {
    assertThat(load("{index: i, nlist: 9}", "nlist=null").nlist()).isEqualTo(256);
    assertThat(load("{index: i, input: ~}").input()).isEmpty();
    assertThat(load("{index: i, kafka: }").kafka()).isEmpty();
    assertThat(load("{index: 'null'}").index()).isEqualTo("null");
  }

  @Test
  void anUnknownKeyIsRejectedWithTheNearestSpelling() {
    assertRefused("index: i\nnlsit: 4")
        .hasMessageStartingWith(
            "unknown key 'nlsit' in "
                + file()
                + ", line 2; did you mean 'nlist'? Known keys: index,")
        .hasMessageEndingWith("kafka.bootstrap-servers, kafka.properties.*");
    assertRefused("index: i", "kafka.bootstrap-server=x")
        .hasMessageStartingWith(
            "unknown key 'kafka.bootstrap-server' in --set kafka.bootstrap-server;"
                + " did you mean 'kafka.bootstrap-servers'?");
    assertRefused("{index: i, checkpointIntervalMs: 5}")
        .hasMessageContaining("did you mean 'checkpoint-interval-ms'?");
    assertRefused("{index: i, something-else-entirely: 5}")
        .hasMessageContaining("line 1. Known keys: index,");
    assertRefused("{index: i, attributes: [{name: a}, {nam: b}]}")
        .hasMessageStartingWith("unknown key 'attributes[1].nam' in")
        .hasMessageEndingWith("did you mean 'name'? Known keys: name, type");
    assertRefused("{index: i, nlist: {a: 1}}").hasMessageStartingWith("unknown key 'nlist.a'");
  }

  @Test
  void aMissingKeyIsNamedWithItsGroup() {
    assertRefused("nlist: 4").hasMessage("required key 'index' is missing in " + file());
    assertRefused("{index: i, kafka: {properties: {a: b}}}")
        .hasMessage("required key 'kafka.bootstrap-servers' is missing in " + file());
    assertRefused("index: i\nattributes:\n- type: long")
        .hasMessage("required key 'attributes[0].name' is missing in " + file() + ", line 3");
    assertThatThrownBy(() -> Settings.load(Job.class, JobArguments.parse()))
        .hasMessage("required key 'index' is missing on the command line");
  }

  @Test
  void aValueOfTheWrongTypeIsNamedWithWhatWasExpected() {
    assertRefused("index: i\nnlist: many")
        .hasMessage(
            "key 'nlist' in "
                + file()
                + ", line 2 must be a whole number from -2147483648 to 2147483647, got 'many'");
    assertRefused("index: i", "nlist=3000000000").hasMessageContaining("in --set nlist must be");
    assertRefused("index: i", "nlist=1.0").hasMessageContaining("must be a whole number");
    assertRefused("index: i", "sample-share=NaN").hasMessageContaining("must be a finite number");
    assertRefused("index: i", "sample-share=1e999").hasMessageContaining("a finite number");
    assertRefused("index: i", "normalize=yes").hasMessageContaining("must be true or false");
    assertRefused("index: i", "metric=cosinus")
        .hasMessageContaining("must be one of l2, inner_product, got 'cosinus'");
    assertRefused("index: i", "columns=id").hasMessageContaining("a list such as [a, b], got 'id'");
    assertRefused("index: [i]").hasMessageContaining("must be text, got a list");
    assertRefused("{index: i, kafka: 5}").hasMessageContaining("a group of keys, got '5'");
    assertRefused("{index: i, nlist: {}}").hasMessageContaining("got a group of keys");
    assertRefused("{index: i, columns: [a, ~]}").hasMessageStartingWith("key 'columns[1]'");
  }

  @Test
  void theRecordsOwnChecksReachTheUser() {
    assertRefused("{index: i, nlist: 0}")
        .hasMessage("invalid settings in " + file() + ": nlist must be at least 1, got 0");
  }

  @Test
  void malformedYamlIsShownWithItsLine() {
    assertRefused("index: i\nnlist: [1\nseed: 2")
        .hasMessageStartingWith("malformed YAML in " + file() + ", line 3: ");
    assertRefused("index: i\nindex: j")
        .hasMessage("malformed YAML in " + file() + ", line 2: key 'index' is given twice");
    assertRefused("kafka.properties.a: 1\nkafka: {properties: {a: 2}}")
        .hasMessageEndingWith("line 2: key 'kafka.properties.a' is given twice");
    assertRefused("columns: &a [*a]").hasMessageContaining("an alias contains itself");
    assertRefused("? [a]\n: 1").hasMessageContaining("a key must be a single word");
    assertRefused("a: 1\n---\nb: 2").hasMessageStartingWith("malformed YAML in");
    assertRefused("index: i", "columns=[a").hasMessageContaining("YAML in --set columns: ");
  }

  @Test
  void aFileThatCannotBeReadIsNamed() throws IOException {
    Path missing = dir.resolve("none.yaml");
    assertThatThrownBy(() -> Settings.load(Job.class, Optional.of(missing), List.of()))
        .isInstanceOf(SettingsException.class)
        .hasMessage("settings file " + missing + " does not exist");
    assertThatThrownBy(() -> Settings.load(Job.class, Optional.of(dir), List.of()))
        .hasMessage("settings file " + dir + " cannot be read: it is a directory");
    Files.write(file(), new byte[] {(byte) 0xC3, 0x28});
    assertThatThrownBy(() -> Settings.load(Job.class, Optional.of(file()), List.of()))
        .hasMessage("settings file " + file() + " is not UTF-8 text");
    assertRefused("just text").hasMessageContaining("must hold lines of the form 'key: value'");
  }

  @Test
  void anOverrideWithoutAValueIsRefused() {
    assertRefused("index: i", "nlist").hasMessage("--set needs KEY=VALUE, got 'nlist'");
    assertRefused("index: i", "=5").hasMessage("--set needs KEY=VALUE, got '=5'");
  }

  @Test
  void theDescriptionIsTheEffectiveConfigurationAndCanBeReadBack() {
    Job job =
        load(
            """
            index: '007'
            metric: inner_product
            columns: [id, 'true']
            attributes: [{name: year, type: long}]
            kafka: {bootstrap-servers: 'b:2', properties: {acks: all}}
            """);

    String yaml = Settings.describe(job);

    assertThat(yaml)
        .contains("metric: inner_product\n", "checkpoint-interval-ms: 30000\n", "nlist: 256\n")
        .doesNotContain("input");
    assertThat(load(yaml)).isEqualTo(job);
  }

  record Access(String user, String apiSecret, Map<String, String> properties) {}

  @Test
  void theDescriptionMasksSecrets() {
    Access access =
        new Access(
            "ada",
            "hush-1",
            Map.of(
                "ssl.key.password", "hush-2",
                "sasl.jaas.config", "hush-3",
                "ssl.keystore.key", "hush-4",
                "acks", "all"));

    assertThat(Settings.describe(access))
        .contains("user: ada", "acks: all", "api-secret: '***'", "sasl.jaas.config: '***'")
        .doesNotContain("hush");
  }

  @Test
  void aRefusedSecretIsNotRepeated() {
    record Login(int passwordLength) {}
    assertThatThrownBy(
            () -> Settings.load(Login.class, Optional.empty(), List.of("password-length=hush")))
        .isInstanceOf(SettingsException.class)
        .hasMessageNotContaining("hush");
  }

  private Job load(String yaml, String... overrides) {
    try {
      Files.writeString(file(), yaml);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return Settings.load(Job.class, Optional.of(file()), Arrays.asList(overrides));
  }

  private AbstractThrowableAssert<?, ?> assertRefused(String yaml, String... overrides) {
    return assertThatThrownBy(() -> load(yaml, overrides)).isInstanceOf(SettingsException.class);
  }

  private Path file() {
    return dir.resolve("build.yaml");
  }
}
