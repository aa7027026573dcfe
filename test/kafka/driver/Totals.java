import org.apache.kafka.streams.kstream.CogroupedKStream;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KGroupedTable;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.SessionWindowedCogroupedKStream;
import org.apache.kafka.streams.kstream.SessionWindowedKStream;
import org.apache.kafka.streams.kstream.TimeWindowedCogroupedKStream;
import org.apache.kafka.streams.kstream.TimeWindowedKStream;

/** count, reduce and aggregate of everything that can be grouped. */
@SuppressWarnings("unchecked")
class Totals {
  /** Of windows: Kafka wants to know when they emit before it knows what they count. */
  interface Pending {
    Object emit(String op);
  }

  static Object of(Object grouped, Step step) {
    if (grouped instanceof KGroupedStream<?, ?> stream) return ofStream((KGroupedStream<Object, Object>) stream, step);
    if (grouped instanceof KGroupedTable<?, ?> table) return ofTable((KGroupedTable<Object, Object>) table, step);
    if (grouped instanceof CogroupedKStream<?, ?> cogrouped)
      return ((CogroupedKStream<Object, Object>) cogrouped).aggregate(() -> Callbacks.initial(step.text("by")), Stored.of(step));
    if (grouped instanceof TimeWindowedKStream<?, ?> windowed)
      return (Pending) op -> ofWindows((TimeWindowedKStream<Object, Object>) windowed, step, op);
    if (grouped instanceof SessionWindowedKStream<?, ?> sessions)
      return (Pending) op -> ofSessions((SessionWindowedKStream<Object, Object>) sessions, step, op);
    if (grouped instanceof TimeWindowedCogroupedKStream<?, ?> windowed)
      return (Pending) op -> ((TimeWindowedCogroupedKStream<Object, Object>) windowed).aggregate(() -> Callbacks.initial(step.text("by")), Stored.of(step));
    String by = step.text("by");
    return (Pending) op ->
        ((SessionWindowedCogroupedKStream<Object, Object>) grouped)
            .aggregate(() -> Callbacks.initial(by), (key, left, right) -> Callbacks.merge(by, left, right), Stored.sessions(step));
  }

  private static Object ofStream(KGroupedStream<Object, Object> stream, Step step) {
    if (step.op.equals("count")) return stream.count(Stored.counts(step));
    String by = step.text("by");
    if (step.op.equals("reduce")) return stream.reduce((total, value) -> Callbacks.add(by, total, value), Stored.of(step));
    return stream.aggregate(() -> Callbacks.initial(by), (key, value, total) -> Callbacks.add(by, total, value), Stored.of(step));
  }

  private static Object ofTable(KGroupedTable<Object, Object> table, Step step) {
    if (step.op.equals("count")) return table.count(Stored.counts(step));
    String by = step.text("by");
    if (step.op.equals("reduce"))
      return table.reduce(
          (total, value) -> Callbacks.add(by, total, value), (total, value) -> Callbacks.subtract(by, total, value), Stored.of(step));
    return table.aggregate(
        () -> Callbacks.initial(by),
        (key, value, total) -> Callbacks.add(by, total, value),
        (key, value, total) -> Callbacks.subtract(by, total, value),
        Stored.of(step));
  }

  private static Object ofWindows(TimeWindowedKStream<Object, Object> all, Step step, String op) {
    var windowed = all.emitStrategy(strategy(op));
    String by = step.has("by") ? step.text("by") : "";
    return emitted(
        op,
        switch (step.op) {
          case "count" -> windowed.count(Stored.counts(step));
          case "reduce" -> windowed.reduce((total, value) -> Callbacks.add(by, total, value), Stored.of(step));
          default ->
              windowed.aggregate(
                  () -> Callbacks.initial(by), (key, value, total) -> Callbacks.add(by, total, value), Stored.of(step));
        });
  }

  private static Object ofSessions(SessionWindowedKStream<Object, Object> all, Step step, String op) {
    var sessions = all.emitStrategy(strategy(op));
    String by = step.has("by") ? step.text("by") : "";
    return emitted(
        op,
        switch (step.op) {
          case "count" -> sessions.count(Stored.sessionCounts(step));
          case "reduce" -> sessions.reduce((total, value) -> Callbacks.add(by, total, value), Stored.sessions(step));
          default ->
              sessions.aggregate(
                  () -> Callbacks.initial(by),
                  (key, value, total) -> Callbacks.add(by, total, value),
                  (key, left, right) -> Callbacks.merge(by, left, right),
                  Stored.sessions(step));
        });
  }

  private static EmitStrategy strategy(String op) {
    return op.equals("emitFinal") ? EmitStrategy.onWindowClose() : EmitStrategy.onWindowUpdate();
  }

  /** Final rows are a stream. */
  private static Object emitted(String op, KTable<?, ?> table) {
    return op.equals("emitFinal") ? table.toStream() : table;
  }
}
