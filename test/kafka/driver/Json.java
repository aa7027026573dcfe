import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/** Records and settings as JSON. Bytes are base64, null is null, headers are pairs. */
class Json {
  static void record(ObjectNode to, long offset, long timestamp, byte[] key, byte[] value, Header[] headers) {
    to.put("offset", offset).put("timestamp", timestamp).put("key", key).put("value", value);
    ArrayNode pairs = to.putArray("headers");
    for (Header header : headers) pairs.addArray().add(header.key()).add(header.value());
  }

  static List<Header> headers(JsonNode pairs) throws IOException {
    List<Header> headers = new ArrayList<>();
    for (JsonNode pair : pairs) headers.add(new RecordHeader(pair.get(0).asText(), bytes(pair.get(1))));
    return headers;
  }

  static byte[] bytes(JsonNode base64) throws IOException {
    return base64 == null || base64.isNull() ? null : base64.binaryValue();
  }

  static byte[] bytes(ByteBuffer buffer) {
    if (buffer == null) return null;
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  static Map<String, String> settings(JsonNode object) {
    Map<String, String> settings = new HashMap<>();
    if (object != null) object.properties().forEach(field -> settings.put(field.getKey(), field.getValue().asText()));
    return settings;
  }

  static String[] texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(text -> texts.add(text.asText()));
    return texts.toArray(String[]::new);
  }
}
