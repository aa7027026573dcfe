import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/** Anything as text, read back as text. */
public class TextSerde implements Serde<Object> {
  @Override
  public Serializer<Object> serializer() {
    return (topic, value) -> value == null ? null : Text.of(value).getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public Deserializer<Object> deserializer() {
    return (topic, bytes) -> Text.of(bytes);
  }
}
