package io.tarn.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "stream",
    header = "Fold Kafka topics into an index, exactly once, until Ctrl-C.",
    description = {
      "",
      "Runs the Flink job in this JVM. It begins where the index ends: the positions it has read are",
      "part of every version. Ctrl-C publishes what has been read and stops; after a harder end",
      "nothing is lost or doubled either. Records that cannot be used go to the dead-letter topic.",
      "",
      "A record is JSON: id (or the key), vector or text, attributes, order, op; a null value",
      "deletes. Binary, Avro and Debezium's records are read with --set kafka.format=FORMAT. On a",
      "cluster the same job is started with flink run, with the same settings."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExample:%n",
    footer =
        "  ./tarn stream --index photos --bootstrap-servers localhost:9092 --topic photos --bounded")
final class StreamCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--index",
      paramLabel = "DIR",
      description = "The index: a directory, hdfs://host/path or s3a://bucket/path.")
  private String index;

  @Option(
      names = "--bootstrap-servers",
      paramLabel = "HOST:PORT",
      description = "Kafka; several with commas between them.")
  private String bootstrapServers;

  @Option(
      names = "--topic",
      split = ",",
      paramLabel = "NAME",
      description = "What to read; several with commas between them.")
  private List<String> topics;

  @Option(
      names = "--dead-letter-topic",
      paramLabel = "NAME",
      description = "Where bad records go; tarn-dead-letters if not given.")
  private String deadLetterTopic;

  @Option(
      names = "--checkpoint-interval",
      paramLabel = "MS",
      description = "How often a version is published, in milliseconds; 5000 if not given.")
  private Long checkpointIntervalMs;

  @Option(
      names = "--parallelism",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Readers and writers at once; as many as processors if not given.")
  private Integer parallelism;

  @Option(
      names = "--bounded",
      description = "Stop where the topics end now, instead of waiting for more.")
  private Boolean bounded;

  @Option(
      names = "-D",
      paramLabel = "KEY=VALUE",
      description =
          "An option of Flink, as its config.yaml has them, such as metrics.reporters=prom; may be"
              + " repeated.")
  private Map<String, String> flink = new LinkedHashMap<>();

  @Mixin private SettingsOptions settings;

  @Override
  public Integer call() throws Exception {
    Map<String, Object> flags = new LinkedHashMap<>();
    flags.put("index", index);
    flags.put("kafka.bootstrap-servers", bootstrapServers);
    flags.put("kafka.topics", topics);
    flags.put("kafka.dead-letter-topic", deadLetterTopic);
    flags.put("checkpoint-interval-ms", checkpointIntervalMs);
    flags.put("parallelism", parallelism);
    flags.put("bounded", bounded);
    StreamRun.run(settings, flags, flink, spec.commandLine());
    return Tarn.DONE;
  }
}
