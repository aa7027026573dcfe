import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Members of groups, by name. They move on while they are polled. */
class Consumers {
  private record Member(KafkaConsumer<String, String> consumer, List<String> revoked) {}

  private final Map<String, Member> members = new HashMap<>();

  /** Subscribes by names, or by a pattern that the coordinator reads (KIP-848). */
  void open(String name, Map<String, Object> config, List<String> topics, JsonNode pattern) {
    Member member = new Member(new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer()), new ArrayList<>());
    members.put(name, member);
    ConsumerRebalanceListener listener = new ConsumerRebalanceListener() {
      @Override
      public void onPartitionsAssigned(Collection<TopicPartition> places) {}

      @Override
      public void onPartitionsRevoked(Collection<TopicPartition> places) {
        places.forEach(place -> member.revoked.add(place.toString()));
      }
    };
    if (pattern == null) member.consumer.subscribe(topics, listener);
    else member.consumer.subscribe(new SubscriptionPattern(pattern.asText()), listener);
  }

  ObjectNode poll(String name, int forMs) {
    Member member = members.get(name);
    ObjectNode answer = Driver.JSON.createObjectNode();
    ArrayNode records = answer.putArray("records");
    for (ConsumerRecord<String, String> record : member.consumer.poll(Duration.ofMillis(forMs)))
      records.addObject().put("topic", record.topic()).put("partition", record.partition()).put("value", record.value());
    ArrayNode assigned = answer.putArray("assigned");
    member.consumer.assignment().stream().map(TopicPartition::toString).sorted().forEach(assigned::add);
    ArrayNode revoked = answer.putArray("revoked");
    member.revoked.stream().sorted().forEach(revoked::add);
    member.revoked.clear();
    return answer;
  }

  JsonNode commit(String name) {
    try {
      members.get(name).consumer.commitSync();
      return NullNode.instance;
    } catch (KafkaException refused) {
      return TextNode.valueOf(refused.getClass().getSimpleName());
    }
  }

  Map<TopicPartition, OffsetAndMetadata> positions(String name) {
    KafkaConsumer<String, String> consumer = members.get(name).consumer;
    Map<TopicPartition, OffsetAndMetadata> all = new HashMap<>();
    for (TopicPartition place : consumer.assignment()) all.put(place, new OffsetAndMetadata(consumer.position(place)));
    return all;
  }

  ConsumerGroupMetadata group(String name) {
    return members.get(name).consumer.groupMetadata();
  }

  void close(String name) {
    members.remove(name).consumer.close();
  }
}
