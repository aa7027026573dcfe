import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;

/**
 * Kafka Streams at the work of our benchmarks of streams (test/bench): the same records, the same topology, exactly once (v2), a
 * commit every 100 ms, one thread, stores on RocksDB with Streams' own defaults.
 *
 * <p>Arguments: bootstrap, work (json, count, window, join), records, keys, partitions, state directory. The topics are filled
 * first; then it says "filled" and waits for a byte. The clock runs from start() until the committed offsets have reached the ends.
 * The second line is JSON; the processor time is that of this process, which holds no broker.
 */
public class StreamsPerf {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final OperatingSystemMXBean SYSTEM = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private static final long LIMIT_NANOS = 600_000_000_000L;

  private final String work;
  private final int records;
  private final int keys;
  private final int partitions;
  private final Properties connection = new Properties();

  StreamsPerf(String bootstrap, String work, int records, int keys, int partitions) {
    this.work = work;
    this.records = records;
    this.keys = keys;
    this.partitions = partitions;
    connection.put("bootstrap.servers", bootstrap);
  }

  public static void main(String[] args) throws Exception {
    StreamsPerf perf =
        new StreamsPerf(args[0], args[1], Integer.parseInt(args[2]), Integer.parseInt(args[3]), Integer.parseInt(args[4]));
    System.out.println(perf.run(args[5]));
    Runtime.getRuntime().halt(0);
  }

  private ObjectNode run(String stateDirectory) throws Exception {
    try (Admin admin = Admin.create(connection)) {
      admin.createTopics(List.of(topic("in"), topic("out"), topic("table"))).all().get();
      fill();
      System.out.println("filled");
      System.in.read(); // whoever measures the broker has its figure
      Map<TopicPartition, Long> ends = endsOf(admin);
      KafkaStreams streams = new KafkaStreams(topology(), settings(stateDirectory));
      long cpuBefore = SYSTEM.getProcessCpuTime();
      long begin = System.nanoTime();
      streams.start();
      while (!hasReached(admin, ends)) {
        if (System.nanoTime() - begin > LIMIT_NANOS) throw new IllegalStateException("Kafka Streams is not done in time");
        Thread.sleep(20);
      }
      double seconds = (System.nanoTime() - begin) / 1e9;
      double cpuSeconds = (SYSTEM.getProcessCpuTime() - cpuBefore) / 1e9;
      streams.close(Duration.ofSeconds(20));
      return JSON.createObjectNode().put("seconds", seconds).put("cpuSeconds", cpuSeconds);
    }
  }

  private NewTopic topic(String name) {
    return new NewTopic(nameOf(name), partitions, (short) 1);
  }

  private String nameOf(String name) {
    return "perf-" + work + "-" + name;
  }

  private Properties settings(String stateDirectory) {
    Properties settings = new Properties();
    settings.putAll(connection);
    settings.put("application.id", nameOf("app"));
    settings.put("processing.guarantee", "exactly_once_v2");
    settings.put("commit.interval.ms", "100");
    settings.put("num.stream.threads", "1");
    settings.put("state.dir", stateDirectory);
    settings.put("auto.offset.reset", "earliest");
    return settings;
  }

  private Map<TopicPartition, Long> endsOf(Admin admin) throws Exception {
    Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
    for (int partition = 0; partition < partitions; partition++)
      asked.put(new TopicPartition(nameOf("in"), partition), OffsetSpec.latest());
    Map<TopicPartition, Long> ends = new HashMap<>();
    admin.listOffsets(asked).all().get().forEach((place, found) -> ends.put(place, found.offset()));
    return ends;
  }

  private boolean hasReached(Admin admin, Map<TopicPartition, Long> ends) throws Exception {
    var committed = admin.listConsumerGroupOffsets(nameOf("app")).partitionsToOffsetAndMetadata().get();
    return ends.entrySet().stream().allMatch(end -> {
      var found = committed.get(end.getKey());
      return end.getValue() == 0 || (found != null && found.offset() >= end.getValue());
    });
  }

  /** As test/bench/stream-records.ts makes them, but for the time: retention would take what is old. */
  private void fill() {
    Properties settings = new Properties();
    settings.putAll(connection);
    settings.put("linger.ms", "20");
    settings.put("batch.size", "131072");
    long first = System.currentTimeMillis() - records;
    try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      if (work.equals("join"))
        for (int key = 0; key < keys; key++) send(producer, "table", first, "k" + key, "name of " + key);
      for (int index = 0; index < records; index++) {
        String key = "k" + Integer.remainderUnsigned(index * 0x9e3779b1, keys);
        String value =
            "{\"id\":" + index + ",\"user\":\"" + key + "\",\"amount\":" + index % 1000
                + ",\"text\":\"the quick brown fox jumps over the lazy \"}";
        send(producer, "in", first + index, key, value);
      }
    }
  }

  private void send(KafkaProducer<byte[], byte[]> producer, String topic, long timestamp, String key, String value) {
    producer.send(new ProducerRecord<>(nameOf(topic), null, timestamp, bytes(key), bytes(value)));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Topology topology() {
    var builder = new StreamsBuilder();
    var text = Serdes.String();
    var stream = builder.stream(nameOf("in"), Consumed.with(text, text));
    var asText = Produced.with(text, text);
    switch (work) {
      case "json":
        stream.mapValues(value -> changed(value, null)).to(nameOf("out"), asText);
        break;
      case "count":
        stream.groupByKey().count(Materialized.as("counts")).toStream().to(nameOf("out"), Produced.with(text, Serdes.Long()));
        break;
      case "window":
        stream
            .groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)).advanceBy(Duration.ofSeconds(2)))
            .count(Materialized.as("counts"))
            .toStream((window, count) -> window.key() + "@" + window.window().start())
            .to(nameOf("out"), Produced.with(text, Serdes.Long()));
        break;
      case "join":
        var table = builder.table(nameOf("table"), Consumed.with(text, text), Materialized.as("table"));
        stream.join(table, StreamsPerf::changed).to(nameOf("out"), asText);
        break;
      default:
        throw new IllegalArgumentException("no work " + work);
    }
    return builder.build();
  }

  private static String changed(String value, String name) {
    try {
      ObjectNode payment = (ObjectNode) JSON.readTree(value);
      payment.put("amount", payment.get("amount").asInt() + 1);
      if (name != null) payment.put("name", name);
      return JSON.writeValueAsString(payment);
    } catch (com.fasterxml.jackson.core.JsonProcessingException error) {
      throw new IllegalStateException(error);
    }
  }
}
