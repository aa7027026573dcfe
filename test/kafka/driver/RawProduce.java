import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.ProduceRequest;
import org.apache.kafka.common.requests.ProduceResponse;
import org.apache.kafka.common.requests.RequestHeader;

/** One idempotent batch with a producer id, epoch and sequence of one's choice, which no client lets one choose. */
class RawProduce {
  /** The last version that names topics by their names. */
  private static final short VERSION = 12;

  static ObjectNode send(String bootstrap, String topic, int partition, long producerId, short epoch, int sequence, int count) throws IOException {
    SimpleRecord[] records = new SimpleRecord[count];
    for (int i = 0; i < count; i++) records[i] = new SimpleRecord(1_700_000_000_000L + i, ("raw-" + (sequence + i)).getBytes());
    MemoryRecords batch = MemoryRecords.withIdempotentRecords(Compression.NONE, producerId, epoch, sequence, records);
    var data = new ProduceRequestData().setAcks((short) -1).setTimeoutMs(10_000);
    data.topicData().add(new ProduceRequestData.TopicProduceData().setName(topic)
        .setPartitionData(List.of(new ProduceRequestData.PartitionProduceData().setIndex(partition).setRecords(batch))));
    RequestHeader header = new RequestHeader(ApiKeys.PRODUCE, VERSION, "raw", 1);
    ByteBuffer request = new ProduceRequest.Builder(VERSION, VERSION, data).build(VERSION).serializeWithHeader(header);
    var answer = ((ProduceResponse) AbstractResponse.parseResponse(exchange(bootstrap, request), header)).data()
        .responses().iterator().next().partitionResponses().get(0);
    return Driver.JSON.createObjectNode().put("error", Errors.forCode(answer.errorCode()).name()).put("baseOffset", answer.baseOffset());
  }

  private static ByteBuffer exchange(String bootstrap, ByteBuffer request) throws IOException {
    String[] address = bootstrap.split(":");
    try (Socket socket = new Socket(address[0], Integer.parseInt(address[1]))) {
      ByteBuffer framed = ByteBuffer.allocate(4 + request.remaining()).putInt(request.remaining()).put(request);
      socket.getOutputStream().write(framed.array());
      DataInputStream in = new DataInputStream(socket.getInputStream());
      byte[] response = new byte[in.readInt()];
      in.readFully(response);
      return ByteBuffer.wrap(response);
    }
  }
}
