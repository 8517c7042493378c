package io.tarn.spark;

import io.tarn.index.storage.Storage;
import io.tarn.settings.Settings;
import io.tarn.spark.input.InputTable;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.deploy.master.Master;
import org.apache.spark.deploy.worker.Worker;
import org.apache.spark.rpc.RpcEnv;
import org.apache.spark.sql.SparkSession;
import scala.Option;

/**
 * A build in which the first attempt of one writing task hangs, with its segment written already,
 * until Spark kills it because another attempt was faster, and then ends as if nothing had been.
 * Spark runs such an attempt on another host only, so the two workers have different loopback
 * addresses.
 */
final class BuildWithAHangingTask {
  static final int ROWS = 20_000;

  private static final int HANGING_PARTITION = 1;
  private static final long LONGER_THAN_THE_TEST_MINUTES = 60;
  private static final int WORKER_MEMORY_MB = 1024;

  private BuildWithAHangingTask() {}

  /** Arguments: where the index goes, and a directory for what the workers leave. */
  public static void main(String[] args) throws IOException {
    SparkConf conf = new SparkConf().set("spark.master.rest.enabled", "false");
    RpcEnv master = Master.startRpcEnvAndEndpoint("127.0.0.1", 0, 0, conf)._1();
    String url = "spark://" + master.address().hostPort();
    RpcEnv first = worker("127.0.0.1", 1, url, args[1], conf);
    RpcEnv second = worker("127.0.0.2", 2, url, args[1], conf);
    try (SparkSession spark = SparkSession.builder().master(url).appName("hang").getOrCreate()) {
      BuildSettings settings =
          Settings.load(
              BuildSettings.class,
              Optional.empty(),
              List.of(
                  "index=" + args[0],
                  "input.path=unused",
                  "nlist=16",
                  "training.iterations=2",
                  "segment-bytes=1048576"));
      IndexLocation location = new HangingLocation(spark.sparkContext(), args[0]);
      new BuildJob(spark, settings, location)
          .run(
              () ->
                  InputTable.of(
                      spark.createDataFrame(VectorRows.clustered(ROWS, 64, 3), VectorRows.TYPE)));
      System.out.println("built");
    } finally {
      first.shutdown();
      second.shutdown();
      master.shutdown();
    }
  }

  private static RpcEnv worker(
      String host, int number, String master, String directory, SparkConf conf) {
    return Worker.startRpcEnvAndEndpoint(
        host,
        0,
        0,
        1,
        WORKER_MEMORY_MB,
        new String[] {master},
        Path.of(directory, "work").toString(),
        Option.apply(number),
        conf,
        Option.empty());
  }

  private static final class HangingLocation extends IndexLocation {
    HangingLocation(SparkContext context, String location) {
      super(context, location);
    }

    @Override
    public Storage open() throws IOException {
      return new FaultyLocation.HookedStorage(super.open(), HangingLocation::hang);
    }

    private static void hang(FaultyLocation.Moment moment) {
      TaskContext task = TaskContext.get();
      if (moment != FaultyLocation.Moment.AFTER_PUBLISH
          || task == null
          || task.partitionId() != HANGING_PARTITION
          || task.attemptNumber() > 0) {
        return;
      }
      try {
        TimeUnit.MINUTES.sleep(LONGER_THAN_THE_TEST_MINUTES);
      } catch (InterruptedException e) {
        System.out.println("killed, and done all the same");
      }
    }
  }
}
