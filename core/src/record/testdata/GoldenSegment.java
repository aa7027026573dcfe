import java.nio.charset.StandardCharsets;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Writes the records of golden-segment.log to partition 0 of the topic `golden` with Kafka's own client. See golden-segment.txt. */
public class GoldenSegment {
  static final long T = 1_700_000_000_000L;

  public static void main(String[] args) throws Exception {
    var config = new Properties();
    config.put("bootstrap.servers", args[0]);
    config.put("linger.ms", "1000");
    config.put("key.serializer", ByteArraySerializer.class.getName());
    config.put("value.serializer", ByteArraySerializer.class.getName());

    config.put("enable.idempotence", "false");
    try (var plain = new KafkaProducer<byte[], byte[]>(config)) {
      plain.send(record(T, "key", "value"));
      plain.send(record(T - 5, null, "h\u00e9llo \u20ac \ud83d\ude00", "trace", "abc", "trace", null, "\u00fc", ""));
      plain.send(record(T + 86_400_000, "deleted", null));
      plain.send(record(T + 1, "", ""));
      plain.send(record(T + 3_000_000_000L, "k".repeat(63), "v".repeat(10_000)));
      plain.send(record(T + 2, "k".repeat(64), "\u00e9".repeat(40)));
      plain.flush();
    }
    config.put("enable.idempotence", "true");
    config.put("transactional.id", "golden");
    try (var producer = new KafkaProducer<byte[], byte[]>(config)) {
      producer.initTransactions();
      producer.beginTransaction();
      for (int i = 0; i < 100; i++) producer.send(record(T + i * 1000L, "key-" + i, "value-" + i));
      producer.commitTransaction();
      producer.beginTransaction();
      producer.send(record(T, "aborted", "aborted"));
      producer.flush();
      producer.abortTransaction();
    }
  }

  static ProducerRecord<byte[], byte[]> record(long timestamp, String key, String value, String... headers) {
    var record = new ProducerRecord<>("golden", 0, timestamp, bytes(key), bytes(value));
    for (int i = 0; i < headers.length; i += 2) record.headers().add(new RecordHeader(headers[i], bytes(headers[i + 1])));
    return record;
  }

  static byte[] bytes(String text) {
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }
}
