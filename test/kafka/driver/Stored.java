import java.time.Duration;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.Stores;

/**
 * The store of a step: by its name, versioned when the step says for how long history is kept. Stores of time windows keep their
 * rows for a day: Kafka's default, size and grace, loses final rows when stream time jumps. Those of sessions have the default, gap
 * and grace, which is a millisecond less than a session is open. A step may say otherwise: `retention`, in milliseconds or `default`.
 */
class Stored {
  private static final Duration DAY = Duration.ofDays(1);

  static Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> keyValue(Step step) {
    if (!step.has("versioned")) return texts(Materialized.as(step.text("store")));
    return texts(Materialized.as(Stores.persistentVersionedKeyValueStore(step.text("store"), step.millis("versioned"))));
  }

  /** Without a name it is one that only Kafka knows. */
  static Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> keyValueIfNamed(Step step) {
    return step.has("store") ? keyValue(step) : texts(Materialized.with(TopologyBuilder.TEXT, TopologyBuilder.TEXT));
  }

  /** A count's values are Kafka's own. */
  static <S extends StateStore> Materialized<Object, Long, S> counts(Step step) {
    return retained(step, Materialized.<Object, Long, S>as(step.text("store")).withKeySerde(TopologyBuilder.TEXT));
  }

  static <S extends StateStore> Materialized<Object, Object, S> texts(
      Materialized<Object, Object, S> store) {
    Serde<Object> text = TopologyBuilder.TEXT;
    return store.withKeySerde(text).withValueSerde(text);
  }

  static <S extends StateStore> Materialized<Object, Object, S> of(Step step) {
    return retained(step, texts(Materialized.as(step.text("store"))));
  }

  private static <V, S extends StateStore> Materialized<Object, V, S> retained(Step step, Materialized<Object, V, S> store) {
    if (!step.has("retention")) return store.withRetention(DAY);
    return step.text("retention").equals("default") ? store : store.withRetention(step.millis("retention"));
  }

  static Materialized<Object, Long, SessionStore<Bytes, byte[]>> sessionCounts(Step step) {
    return step.has("retention") ? counts(step) : Materialized.<Object, Long, SessionStore<Bytes, byte[]>>as(step.text("store")).withKeySerde(TopologyBuilder.TEXT);
  }

  static Materialized<Object, Object, SessionStore<Bytes, byte[]>> sessions(Step step) {
    return step.has("retention") ? of(step) : texts(Materialized.as(step.text("store")));
  }
}
