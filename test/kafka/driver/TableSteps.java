import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.Suppressed.BufferConfig;
import org.apache.kafka.streams.kstream.TableJoined;
import org.apache.kafka.streams.state.KeyValueStore;

/** The operators of a table. A step without `store` leaves the table as Kafka Streams likes it: a view, where it can be one. */
@SuppressWarnings({"unchecked", "rawtypes"})
class TableSteps {
  static Object apply(KTable<Object, Object> table, Step step, Object with) {
    boolean stored = step.has("store");
    Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> store = stored ? Stored.keyValue(step) : null;
    switch (step.op) {
      case "table.filter":
        return stored ? table.filter(step.predicate()::test, store) : table.filter(step.predicate()::test);
      case "table.filterNot":
        return stored ? table.filterNot(step.predicate()::test, store) : table.filterNot(step.predicate()::test);
      case "table.mapValues":
        return stored
            ? table.mapValues((key, value) -> step.mapper("by").apply(key, value), store)
            : table.mapValues((key, value) -> step.mapper("by").apply(key, value));
      case "table.toStream":
        return table.toStream();
      case "table.suppress":
        return suppress(table, step);
      case "table.groupBy":
        return table.groupBy(
            (key, value) -> KeyValue.pair(step.mapper("key").apply(key, value), step.mapper("value").apply(key, value)),
            Grouped.with(step.text("name"), TopologyBuilder.TEXT, TopologyBuilder.TEXT));
      default:
        return join(table, step, (KTable<Object, Object>) with);
    }
  }

  private static Object join(KTable<Object, Object> table, Step step, KTable<Object, Object> other) {
    var store = Stored.keyValueIfNamed(step);
    switch (step.op) {
      case "table.join":
        return table.join(other, Callbacks::join, store);
      case "table.leftJoin":
        return table.leftJoin(other, Callbacks::join, store);
      case "table.outerJoin":
        return table.outerJoin(other, Callbacks::join, store);
      case "table.joinForeign":
        return table.join(
            other,
            (key, value) -> step.mapper("by").apply(key, value),
            Callbacks::join,
            TableJoined.as(step.text("name")),
            store);
      case "table.leftJoinForeign":
        return table.leftJoin(
            other,
            (key, value) -> step.mapper("by").apply(key, value),
            Callbacks::join,
            TableJoined.as(step.text("name")),
            store);
      default:
        throw new IllegalArgumentException("no operator " + step.op);
    }
  }

  /** `until` is a time in milliseconds, or `closed`. */
  private static Object suppress(KTable<Object, Object> table, Step step) {
    if (step.text("until").equals("closed"))
      return table.suppress((Suppressed) Suppressed.untilWindowCloses(BufferConfig.unbounded()).withName(step.text("store")));
    BufferConfig buffer = step.has("records") ? BufferConfig.maxRecords(step.node.get("records").asLong()) : BufferConfig.unbounded();
    return table.suppress(Suppressed.<Object>untilTimeLimit(step.millis("until"), buffer).withName(step.text("store")));
  }
}
