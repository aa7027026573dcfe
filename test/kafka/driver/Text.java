import java.nio.charset.StandardCharsets;
import org.apache.kafka.streams.kstream.Windowed;

/** Every key and value as text: numbers in decimal, a windowed key as `key@start/end`. */
class Text {
  static String of(Object value) {
    if (value == null) return null;
    if (value instanceof byte[]) return new String((byte[]) value, StandardCharsets.UTF_8);
    if (value instanceof Windowed<?> windowed)
      return of(windowed.key()) + "@" + windowed.window().start() + "/" + windowed.window().end();
    return String.valueOf(value);
  }
}
