import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.BiPredicate;
import org.apache.kafka.streams.kstream.Windowed;

/** The functions that cases name, over text; streams/callbacks.ts has the same ones. What stands behind a colon is an argument. */
class Callbacks {
  private static String argument(String name) {
    return name.substring(name.indexOf(':') + 1);
  }

  private static String nameOf(String name) {
    return name.contains(":") ? name.substring(0, name.indexOf(':')) : name;
  }

  /** From key and value. */
  static BiFunction<Object, Object, Object> mapper(String name) {
    String argument = argument(name);
    if (name.equals("inner")) return (key, value) -> Text.of(((Windowed<?>) key).key());
    BiFunction<String, String, String> mapper =
        switch (nameOf(name)) {
          case "key" -> (key, value) -> key;
          case "value" -> (key, value) -> value;
          case "both" -> (key, value) -> key + ":" + value;
          case "null" -> (key, value) -> null;
          case "const" -> (key, value) -> argument;
          case "upper" -> (key, value) -> value == null ? null : value.toUpperCase();
          case "length" -> (key, value) -> value == null ? "0" : String.valueOf(value.length());
          case "first" -> (key, value) -> value == null || value.isEmpty() ? null : value.substring(0, 1);
          case "plus" -> (key, value) -> value + argument;
          case "null-if" -> (key, value) -> argument.equals(value) ? null : value;
          case "part" -> (key, value) -> part(value, Integer.parseInt(argument));
          default -> throw new IllegalArgumentException("no mapper " + name);
        };
    return (key, value) -> mapper.apply(Text.of(key), Text.of(value));
  }

  private static String part(String value, int index) {
    if (value == null) return null;
    String[] parts = value.split(":");
    return index < parts.length && !parts[index].isEmpty() ? parts[index] : null;
  }

  static BiPredicate<Object, Object> predicate(String name) {
    String argument = argument(name);
    BiPredicate<String, String> predicate =
        switch (nameOf(name)) {
          case "all" -> (key, value) -> true;
          case "longer" -> (key, value) -> value != null && value.length() > Integer.parseInt(argument);
          case "is" -> (key, value) -> argument.equals(value);
          case "starts" -> (key, value) -> value != null && value.startsWith(argument);
          case "null" -> (key, value) -> value == null;
          case "key" -> (key, value) -> argument.equals(key);
          case "above" -> (key, value) -> value != null && Long.parseLong(value) > Long.parseLong(argument);
          default -> throw new IllegalArgumentException("no predicate " + name);
        };
    return (key, value) -> predicate.test(Text.of(key), Text.of(value));
  }

  /** Several from one value. */
  static List<String> flat(String name, Object from) {
    List<String> all = new ArrayList<>();
    String value = Text.of(from);
    if (value == null) return all;
    switch (name) {
      case "letters" -> value.chars().forEach(letter -> all.add(String.valueOf((char) letter)));
      case "words" -> {
        for (String word : value.split(" ")) if (!word.isEmpty()) all.add(word);
      }
      case "twice" -> {
        all.add(value);
        all.add(value);
      }
      default -> throw new IllegalArgumentException("no flat mapper " + name);
    }
    return all;
  }

  static String initial(String name) {
    return name.equals("sum") ? "0" : "";
  }

  /** The total after one more value. */
  static String add(String name, Object before, Object one) {
    String total = Text.of(before);
    String value = Text.of(one);
    return switch (nameOf(name)) {
      case "concat" -> total + value;
      case "sum" -> String.valueOf(Long.parseLong(total) + Long.parseLong(value));
      case "last" -> value;
      case "longest" -> value != null && value.length() > total.length() ? value : total;
      case "null-on" -> argument(name).equals(value) ? null : total + value;
      default -> throw new IllegalArgumentException("no adder " + name);
    };
  }

  /** The total without a value that was in it. */
  static String subtract(String name, Object before, Object one) {
    if (!name.equals("sum")) return Text.of(before) + "-" + Text.of(one);
    return String.valueOf(Long.parseLong(Text.of(before)) - Long.parseLong(Text.of(one)));
  }

  static String merge(String name, Object left, Object right) {
    return name.equals("sum") ? add("sum", left, right) : Text.of(left) + Text.of(right);
  }

  static Object join(Object left, Object right) {
    return Text.of(left) + "+" + Text.of(right);
  }
}
