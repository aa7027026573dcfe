import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Time;

/** A broker that is its own controller, in this process: what Kafka's own main class starts. */
class Server implements AutoCloseable {
  private KafkaRaftServer running;
  private Path home;

  /** The directory of the broker: it goes when this process ends, also when whoever made it was killed. */
  void livesIn(Path home) {
    this.home = home;
  }

  /** Returns when it answers. */
  void start(Map<String, String> properties) {
    if (running != null) throw new IllegalStateException("a broker runs already");
    Properties all = new Properties();
    all.putAll(properties);
    KafkaRaftServer server = new KafkaRaftServer(KafkaConfig.fromProps(all, false), Time.SYSTEM);
    running = server;
    server.startup();
  }

  /** Cleanly: segments are synced, checkpoints and the mark of a clean shutdown are written. */
  void stop() {
    if (running == null) return;
    running.shutdown();
    running.awaitShutdown();
    running = null;
  }

  @Override
  public void close() throws IOException {
    stop();
    if (home == null) return;
    try (Stream<Path> all = java.nio.file.Files.walk(home)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) java.nio.file.Files.delete(path);
    }
  }
}
