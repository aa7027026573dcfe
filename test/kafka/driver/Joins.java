import org.apache.kafka.streams.kstream.GlobalKTable;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.StreamJoined;

/** The joins of a stream. */
@SuppressWarnings("unchecked")
class Joins {
  static Object apply(KStream<Object, Object> stream, Step step, Object with) {
    if (with instanceof GlobalKTable<?, ?> table) return global(stream, step, (GlobalKTable<Object, Object>) table);
    if (with instanceof KTable<?, ?> table) return table(stream, step, (KTable<Object, Object>) table);
    KStream<Object, Object> other = (KStream<Object, Object>) with;
    StreamJoined<Object, Object, Object> joined =
        StreamJoined.with(TopologyBuilder.TEXT, TopologyBuilder.TEXT, TopologyBuilder.TEXT)
            .withName(step.text("name"))
            .withStoreName(step.text("name"));
    return switch (step.op) {
      case "joinStream" -> stream.join(other, Callbacks::join, windows(step), joined);
      case "leftJoinStream" -> stream.leftJoin(other, Callbacks::join, windows(step), joined);
      case "outerJoinStream" -> stream.outerJoin(other, Callbacks::join, windows(step), joined);
      default -> throw new IllegalArgumentException("no join " + step.op);
    };
  }

  private static JoinWindows windows(Step step) {
    return JoinWindows.ofTimeDifferenceAndGrace(step.millis("after"), step.millis("grace"))
        .before(step.millis("before"))
        .after(step.millis("after"));
  }

  private static Object global(KStream<Object, Object> stream, Step step, GlobalKTable<Object, Object> table) {
    return switch (step.op) {
      case "joinGlobal" -> stream.join(table, (key, value) -> step.mapper("by").apply(key, value), Callbacks::join);
      case "leftJoinGlobal" -> stream.leftJoin(table, (key, value) -> step.mapper("by").apply(key, value), Callbacks::join);
      default -> throw new IllegalArgumentException("no join " + step.op);
    };
  }

  private static Object table(KStream<Object, Object> stream, Step step, KTable<Object, Object> table) {
    Joined<Object, Object, Object> joined =
        Joined.with(TopologyBuilder.TEXT, TopologyBuilder.TEXT, TopologyBuilder.TEXT);
    if (step.has("grace")) joined = joined.withName(step.text("name")).withGracePeriod(step.millis("grace"));
    return switch (step.op) {
      case "join" -> stream.join(table, Callbacks::join, joined);
      case "leftJoin" -> stream.leftJoin(table, Callbacks::join, joined);
      default -> throw new IllegalArgumentException("no join " + step.op);
    };
  }
}
