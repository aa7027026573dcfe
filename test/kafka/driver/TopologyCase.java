import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.StreamsConfig.InternalConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.test.TestRecord;

/**
 * A topology of Kafka Streams, fed in order through Kafka's own TopologyTestDriver; streams/topology-case.ts has the types.
 *
 * <p>Input: rows [topic, key, value, timestamp, headers?]. Outcome: rows [number of the input, topic, key, value, timestamp,
 * headers?] and how many records Kafka counted as dropped. Nothing is cached and nothing waits for the wall clock.
 */
class TopologyCase {
  /** Kafka's test driver refuses a negative timestamp; a log may hold one. It goes in a header, from which it is extracted. */
  private static final String TIME = "time";

  static JsonNode run(JsonNode topology, JsonNode input) throws Exception {
    Path state = Files.createTempDirectory("millrace-topology");
    TopologyBuilder built = new TopologyBuilder().add(topology);
    try (TopologyTestDriver driver = new TopologyTestDriver(built.build(), settings(state), Instant.EPOCH)) {
      ObjectNode outcome = Driver.JSON.createObjectNode();
      ArrayNode rows = outcome.putArray("output");
      for (int number = 0; number < input.size(); number++) {
        pipe(driver, input.get(number));
        read(driver, number, rows);
        built.takeSeen(number, rows);
      }
      return outcome.put("dropped", dropped(driver));
    } finally {
      delete(state);
    }
  }

  private static Properties settings(Path state) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "case");
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "nowhere:1");
    settings.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, TextSerde.class);
    settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, TextSerde.class);
    settings.put(StreamsConfig.DEFAULT_TIMESTAMP_EXTRACTOR_CLASS_CONFIG, HeaderTime.class);
    settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
    settings.put(InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_OUTER_JOIN_SPURIOUS_RESULTS_FIX, 0L);
    settings.put(InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_WINDOWED_AGGREGATION, 0L);
    return settings;
  }

  private static void pipe(TopologyTestDriver driver, JsonNode row) {
    long time = row.get(3).asLong();
    Headers headers = new RecordHeaders();
    if (row.size() > 4) row.get(4).properties().forEach(one -> headers.add(one.getKey(), bytes(one.getValue())));
    if (time < 0) headers.add(TIME, Long.toString(time).getBytes(StandardCharsets.UTF_8));
    driver
        .createInputTopic(row.get(0).asText(), new ByteArraySerializer(), new ByteArraySerializer())
        .pipeInput(new TestRecord<>(bytes(row.get(1)), bytes(row.get(2)), headers, Math.max(0, time)));
  }

  /** All topics that are not the application's own. */
  private static void read(TopologyTestDriver driver, int number, ArrayNode rows) {
    for (String topic : new TreeSet<>(driver.producedTopicNames())) {
      if (topic.startsWith("case-")) continue;
      var output = driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer());
      for (var each : output.readRecordsToList()) {
        ArrayNode row = row(rows, number, topic, Text.of(each.key()), Text.of(each.value()), each.timestamp());
        ObjectNode headers = Driver.JSON.createObjectNode();
        for (Header header : each.headers()) headers.put(header.key(), Text.of(header.value()));
        if (!headers.isEmpty()) row.add(headers);
      }
    }
  }

  static ArrayNode row(ArrayNode rows, int number, String topic, String key, String value, long timestamp) {
    return rows.addArray().add(number).add(topic).add(key).add(value).add(timestamp);
  }

  private static long dropped(TopologyTestDriver driver) {
    return driver.metrics().entrySet().stream()
        .filter(metric -> metric.getKey().name().equals("dropped-records-total"))
        .mapToLong(metric -> ((Double) metric.getValue().metricValue()).longValue())
        .sum();
  }

  private static byte[] bytes(JsonNode text) {
    return text.isNull() ? null : text.asText().getBytes(StandardCharsets.UTF_8);
  }

  private static void delete(Path folder) throws Exception {
    List<Path> paths = new ArrayList<>();
    try (Stream<Path> all = Files.walk(folder)) {
      all.sorted(Comparator.reverseOrder()).forEach(paths::add);
    }
    for (Path path : paths) Files.deleteIfExists(path);
  }

  public static class HeaderTime implements TimestampExtractor {
    @Override
    public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
      Header time = record.headers().lastHeader(TIME);
      return time == null ? record.timestamp() : Long.parseLong(Text.of(time.value()));
    }
  }
}
