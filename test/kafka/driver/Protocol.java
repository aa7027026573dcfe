import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

/** Kafka's wire protocol: its definitions as data, and its classes at work. */
class Protocol {
  private static final ObjectMapper COMMENTED = new ObjectMapper().enable(JsonParser.Feature.ALLOW_COMMENTS);

  /** By the names of the messages. */
  static ObjectNode definitions(String[] messages) throws IOException {
    ObjectNode definitions = Driver.JSON.createObjectNode();
    for (String message : messages) {
      try (InputStream in = Protocol.class.getResourceAsStream("/common/message/" + message + ".json")) {
        definitions.set(message, COMMENTED.readTree(in));
      }
    }
    return definitions;
  }

  /** Code by name. */
  static ObjectNode errors() {
    ObjectNode codes = Driver.JSON.createObjectNode();
    for (Errors error : Errors.values()) codes.put(error.name(), error.code());
    return codes;
  }

  /** Each frame read and written again; or what Kafka says against it. */
  static ArrayNode roundTrips(JsonNode frames) {
    ArrayNode answers = Driver.JSON.createArrayNode();
    for (JsonNode frame : frames) {
      ObjectNode answer = answers.addObject();
      try {
        answer.put("bytes", roundTrip(frame));
      } catch (IOException | RuntimeException refusal) {
        answer.put("refusal", refusal.toString());
      }
    }
    return answers;
  }

  private static byte[] roundTrip(JsonNode frame) throws IOException {
    ApiMessageType api = ApiMessageType.fromApiKey((short) frame.get("key").asInt());
    short version = (short) frame.get("version").asInt();
    boolean request = frame.get("kind").asText().equals("request");
    short headerVersion = request ? api.requestHeaderVersion(version) : api.responseHeaderVersion(version);
    Message header = request ? new RequestHeaderData() : new ResponseHeaderData();
    Message body = request ? api.newRequest() : api.newResponse();
    ByteBuffer bytes = ByteBuffer.wrap(frame.get("bytes").binaryValue());
    header.read(new ByteBufferAccessor(bytes), headerVersion);
    body.read(new ByteBufferAccessor(bytes), version);
    if (bytes.hasRemaining()) throw new IllegalArgumentException(bytes.remaining() + " bytes are left");

    ObjectSerializationCache cache = new ObjectSerializationCache();
    ByteBuffer written = ByteBuffer.allocate(header.size(cache, headerVersion) + body.size(cache, version));
    header.write(new ByteBufferAccessor(written), cache, headerVersion);
    body.write(new ByteBufferAccessor(written), cache, version);
    return Json.bytes(written.flip());
  }
}
