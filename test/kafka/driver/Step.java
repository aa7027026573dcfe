import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.BiPredicate;

/** A step of a case: the operator's name and its arguments. */
class Step {
  final JsonNode node;
  final String op;

  Step(JsonNode node) {
    this.node = node;
    this.op = node.get("op").asText();
  }

  boolean has(String field) {
    return node.has(field);
  }

  String text(String field) {
    if (!node.has(field)) throw new IllegalArgumentException(op + " has no " + field);
    return node.get(field).asText();
  }

  /** One text, or a list of them. */
  List<String> texts(String field) {
    return node.get(field).isArray() ? Arrays.asList(Json.texts(node.get(field))) : List.of(text(field));
  }

  Duration millis(String field) {
    if (!node.has(field)) throw new IllegalArgumentException(op + " has no " + field);
    return Duration.ofMillis(node.get(field).asLong());
  }

  BiFunction<Object, Object, Object> mapper(String field) {
    return Callbacks.mapper(text(field));
  }

  BiPredicate<Object, Object> predicate() {
    return Callbacks.predicate(text("by"));
  }
}
