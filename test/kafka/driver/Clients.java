import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Kafka's own clients of one broker. Producers have names; they and the consumers stay open. */
class Clients implements AutoCloseable {
  private String bootstrap;
  private Admin admin;
  private final Map<String, KafkaProducer<byte[], byte[]>> producers = new HashMap<>();
  /** By isolation. */
  private final Map<String, KafkaConsumer<byte[], byte[]>> consumers = new HashMap<>();

  /** From now on to this broker. What was open to another one is closed. */
  void connect(String bootstrap) {
    close();
    this.bootstrap = bootstrap;
    admin = Admin.create(settings(null));
  }

  Admin admin() {
    return admin;
  }

  Map<String, Object> settings(JsonNode more) {
    Map<String, Object> settings = new HashMap<>(Json.settings(more));
    settings.put("bootstrap.servers", bootstrap);
    settings.put("reconnect.backoff.max.ms", "200");
    return settings;
  }

  String createTopic(String topic, int partitions, Map<String, String> config) throws Exception {
    var created = admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1).configs(config)));
    return created.topicId(topic).get().toString();
  }

  void alterTopicConfig(String topic, JsonNode changes) throws Exception {
    List<AlterConfigOp> ops = new ArrayList<>();
    changes.properties().forEach(change -> {
      boolean resets = change.getValue().isNull();
      ops.add(new AlterConfigOp(new ConfigEntry(change.getKey(), resets ? "" : change.getValue().asText()), resets ? AlterConfigOp.OpType.DELETE : AlterConfigOp.OpType.SET));
    });
    admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, topic), ops)).all().get();
  }

  long deleteRecords(String topic, int partition, long before) throws Exception {
    TopicPartition place = new TopicPartition(topic, partition);
    return admin.deleteRecords(Map.of(place, RecordsToDelete.beforeOffset(before))).lowWatermarks().get(place).get().lowWatermark();
  }

  /** `at`: earliest, latest, stable, max-timestamp, or a time. Answers {offset, timestamp}; offset -1: there is none. */
  ObjectNode listOffset(String topic, int partition, JsonNode at) throws Exception {
    TopicPartition place = new TopicPartition(topic, partition);
    OffsetSpec spec = at.isNumber() ? OffsetSpec.forTimestamp(at.asLong()) : switch (at.asText()) {
      case "earliest" -> OffsetSpec.earliest();
      case "max-timestamp" -> OffsetSpec.maxTimestamp();
      default -> OffsetSpec.latest();
    };
    boolean stable = at.asText().equals("stable");
    var options = new ListOffsetsOptions(stable ? IsolationLevel.READ_COMMITTED : IsolationLevel.READ_UNCOMMITTED);
    var found = admin.listOffsets(Map.of(place, spec), options).partitionResult(place).get();
    return Driver.JSON.createObjectNode().put("offset", found.offset()).put("timestamp", found.timestamp());
  }

  ArrayNode groupOffsets(String group) throws Exception {
    ArrayNode all = Driver.JSON.createArrayNode();
    admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().forEach((place, position) -> all.addObject()
        .put("topic", place.topic()).put("partition", place.partition()).put("offset", position.offset()).put("metadata", position.metadata()));
    return all;
  }

  void openProducer(String name, JsonNode config) {
    var producer = new KafkaProducer<byte[], byte[]>(settings(config), new ByteArraySerializer(), new ByteArraySerializer());
    producers.put(name, producer);
    if (config.has("transactional.id")) producer.initTransactions();
  }

  /** Sends all, then flushes: with a long linger the records of one partition make one batch. Answers their offsets. */
  ArrayNode send(String name, JsonNode records) throws Exception {
    KafkaProducer<byte[], byte[]> producer = producer(name);
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    for (JsonNode record : records) {
      Long timestamp = record.hasNonNull("timestamp") ? record.get("timestamp").asLong() : null;
      sent.add(producer.send(new ProducerRecord<>(record.get("topic").asText(), record.get("partition").asInt(), timestamp,
          Json.bytes(record.get("key")), Json.bytes(record.get("value")), Json.headers(record.get("headers")))));
    }
    producer.flush();
    ArrayNode offsets = Driver.JSON.createArrayNode();
    for (var one : sent) offsets.add(one.get().offset());
    return offsets;
  }

  void begin(String name) {
    producer(name).beginTransaction();
  }

  void sendOffsets(String name, String group, JsonNode positions) {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    for (JsonNode one : positions) {
      String metadata = one.hasNonNull("metadata") ? one.get("metadata").asText() : "";
      offsets.put(new TopicPartition(one.get("topic").asText(), one.get("partition").asInt()), new OffsetAndMetadata(one.get("offset").asLong(), Optional.empty(), metadata));
    }
    producer(name).sendOffsetsToTransaction(offsets, consumerGroup(group));
  }

  /** Without a generation: of a group that has no members. */
  @SuppressWarnings("removal")
  private static ConsumerGroupMetadata consumerGroup(String group) {
    return new ConsumerGroupMetadata(group);
  }

  /** Answers when the markers stand in all partitions, so that what is written next stands behind them. The client's answer comes before. */
  void end(String name, String transactionalId, boolean commit) throws Exception {
    if (commit) producer(name).commitTransaction();
    else producer(name).abortTransaction();
    for (long deadline = System.nanoTime() + 20_000_000_000L; System.nanoTime() < deadline; Thread.sleep(1)) {
      switch (admin.describeTransactions(List.of(transactionalId)).description(transactionalId).get().state()) {
        case COMPLETE_COMMIT, COMPLETE_ABORT, EMPTY: return;
        default: // its markers are on their way
      }
    }
    throw new IllegalStateException("the markers of " + transactionalId + " were not written");
  }

  void closeProducer(String name) {
    producer(name).close();
    producers.remove(name);
  }

  ObjectNode produceRaw(String topic, int partition, JsonNode it) throws Exception {
    long producerId = it.get("producerId").asLong();
    short epoch = (short) it.get("producerEpoch").asInt();
    return RawProduce.send(bootstrap, topic, partition, producerId, epoch, it.get("baseSequence").asInt(), it.get("count").asInt());
  }

  /** The idempotent producers that the broker knows in the partition. */
  ArrayNode describeProducers(String topic, int partition) throws Exception {
    ArrayNode all = Driver.JSON.createArrayNode();
    TopicPartition place = new TopicPartition(topic, partition);
    for (ProducerState state : admin.describeProducers(List.of(place)).partitionResult(place).get().activeProducers())
      all.addObject().put("producerId", state.producerId()).put("epoch", state.producerEpoch()).put("lastSequence", state.lastSequence())
          .put("timestamp", state.lastTimestamp()).put("coordinatorEpoch", state.coordinatorEpoch().orElse(-1))
          .put("transactionFirstOffset", state.currentTransactionStartOffset().orElse(-1));
    return all;
  }

  KafkaProducer<byte[], byte[]> producer(String name) {
    KafkaProducer<byte[], byte[]> producer = producers.get(name);
    if (producer == null) throw new IllegalArgumentException("no producer " + name);
    return producer;
  }

  /** Everything that a consumer of that isolation sees, from the first offset to the end. */
  ArrayNode consume(String topic, int partition, String isolation) {
    ArrayNode all = Driver.JSON.createArrayNode();
    TopicPartition place = new TopicPartition(topic, partition);
    KafkaConsumer<byte[], byte[]> consumer = consumers.computeIfAbsent(isolation, this::openConsumer);
    consumer.assign(Set.of(place));
    consumer.seekToBeginning(Set.of(place));
    long end = consumer.endOffsets(Set.of(place)).get(place);
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (consumer.position(place) < end) {
      if (System.nanoTime() > deadline) throw new IllegalStateException("stuck at " + consumer.position(place) + " of " + end);
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200)))
        Json.record(all.addObject(), record.offset(), record.timestamp(), record.key(), record.value(), record.headers().toArray());
    }
    consumer.unsubscribe();
    return all;
  }

  private KafkaConsumer<byte[], byte[]> openConsumer(String isolation) {
    Map<String, Object> config = settings(null);
    config.put("isolation.level", isolation);
    config.put("enable.auto.commit", "false");
    config.put("auto.offset.reset", "none");
    config.put("fetch.max.wait.ms", "10");
    return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  @Override
  public void close() {
    producers.values().forEach(producer -> producer.close(Duration.ZERO));
    producers.clear();
    consumers.values().forEach(consumer -> consumer.close(CloseOptions.timeout(Duration.ZERO)));
    consumers.clear();
    if (admin != null) admin.close(Duration.ZERO);
    admin = null;
  }
}
