import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Branched;
import org.apache.kafka.streams.kstream.CogroupedKStream;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;

/**
 * The steps of a case as a topology of Kafka Streams. A step works on what the step before it made, or on what `on` names; `as`
 * gives the result a name, `with` names another one. Keys and values are text, and text they are again behind each store.
 */
@SuppressWarnings("unchecked")
class TopologyBuilder {
  static final TextSerde TEXT = new TextSerde();
  private final StreamsBuilder builder = new StreamsBuilder();
  private final Map<String, Object> named = new HashMap<>();
  private final List<String[]> seen = new ArrayList<>();
  private Object last;

  TopologyBuilder add(JsonNode steps) {
    for (JsonNode step : steps) {
      if (step.has("on")) last = named(step, "on");
      last = apply(new Step(step));
      if (step.has("as")) named.put(step.get("as").asText(), last);
    }
    return this;
  }

  Topology build() {
    return builder.build(new Properties());
  }

  /** What `peek` has seen since the last call, as records of the topic `(peek)`. */
  void takeSeen(int number, ArrayNode rows) {
    for (String[] each : seen) TopologyCase.row(rows, number, "(peek)", each[0], each[1], 0);
    seen.clear();
  }

  private Object apply(Step step) {
    String op = step.op;
    switch (op) {
      case "stream":
        return builder.stream(step.texts("topic"), Consumed.with(TEXT, TEXT));
      case "table":
        return builder.table(step.text("topic"), Consumed.with(TEXT, TEXT), Stored.keyValue(step));
      case "globalTable":
        return builder.globalTable(step.text("topic"), Consumed.with(TEXT, TEXT), Stored.keyValue(step));
      case "count", "reduce", "aggregate":
        return Totals.of(last, step);
      case "cogroup":
        return cogroup(step);
      case "tumbling", "hopping", "sliding", "session":
        return WindowedStep.of(last, step);
      case "emitFinal", "emitOnUpdate":
        return ((Totals.Pending) last).emit(op);
      default:
        if (op.startsWith("table.")) return TableSteps.apply((KTable<Object, Object>) last, step, other(step));
        if (op.toLowerCase().contains("join")) return Joins.apply((KStream<Object, Object>) last, step, other(step));
        return onStream((KStream<Object, Object>) last, step);
    }
  }

  private Object onStream(KStream<Object, Object> stream, Step step) {
    switch (step.op) {
      case "filter":
        return stream.filter(step.predicate()::test);
      case "filterNot":
        return stream.filterNot(step.predicate()::test);
      case "mapValues":
        return stream.mapValues((key, value) -> step.mapper("by").apply(key, value));
      case "map":
        return stream.map((key, value) -> pair(step.mapper("key").apply(key, value), step.mapper("value").apply(key, value)));
      case "selectKey":
        return stream.selectKey((key, value) -> step.mapper("by").apply(key, value));
      case "flatMapValues":
        return stream.flatMapValues(value -> (List<Object>) (List<?>) Callbacks.flat(step.text("by"), value));
      case "flatMap":
        return stream.flatMap((key, value) -> {
          List<KeyValue<Object, Object>> all = new ArrayList<>();
          for (String each : Callbacks.flat(step.text("by"), value)) all.add(pair(each, value));
          return all;
        });
      case "peek":
        return stream.peek((key, value) -> seen.add(new String[] {Text.of(key), Text.of(value)}));
      case "merge":
        return stream.merge((KStream<Object, Object>) other(step));
      case "split":
        return split(stream, step);
      case "repartition":
        return stream.repartition(Repartitioned.with(TEXT, TEXT).withName(step.text("name")));
      case "groupByKey":
        return stream.groupByKey(Grouped.with(TEXT, TEXT));
      case "groupBy":
        return stream.groupBy(
            (key, value) -> step.mapper("by").apply(key, value), Grouped.with(step.text("name"), TEXT, TEXT));
      case "toTable":
        return stream.toTable(Stored.keyValue(step));
      case "countValues":
        return CountValues.of(stream, step.text("store"));
      case "to":
        to(stream, step);
        return null;
      default:
        throw new IllegalArgumentException("no operator " + step.op);
    }
  }

  private static KeyValue<Object, Object> pair(Object key, Object value) {
    return KeyValue.pair(key, value);
  }

  private void to(KStream<Object, Object> stream, Step step) {
    Produced<Object, Object> produced = Produced.with(TEXT, TEXT);
    if (!step.has("by")) stream.to(step.text("topic"), produced);
    else stream.to((key, value, context) -> Text.of(step.mapper("by").apply(key, value)), produced);
  }

  /** `branches` and, if given, the default branch get names. */
  private Object split(KStream<Object, Object> stream, Step step) {
    var branches = stream.split(Named.as("branch-"));
    for (JsonNode each : step.node.get("branches")) {
      var predicate = Callbacks.predicate(each.get("by").asText());
      branches = branches.branch(predicate::test, Branched.as(each.get("as").asText()));
    }
    Map<String, KStream<Object, Object>> all =
        step.has("default") ? branches.defaultBranch(Branched.as(step.text("default"))) : branches.noDefaultBranch();
    all.forEach((name, branch) -> named.put(name.substring("branch-".length()), branch));
    return null;
  }

  private Object cogroup(Step step) {
    if (!step.has("with")) {
      String by = step.text("by");
      return ((KGroupedStream<Object, Object>) last).cogroup((key, value, total) -> Callbacks.add(by, total, value));
    }
    String by = step.text("by");
    return ((CogroupedKStream<Object, Object>) last)
        .cogroup((KGroupedStream<Object, Object>) other(step), (key, value, total) -> Callbacks.add(by, total, value));
  }

  private Object other(Step step) {
    return step.has("with") ? named(step.node, "with") : null;
  }

  private Object named(JsonNode step, String field) {
    Object found = named.get(step.get(field).asText());
    if (found == null) throw new IllegalArgumentException("nothing is named " + step.get(field));
    return found;
  }
}
