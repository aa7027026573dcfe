import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import org.apache.kafka.common.record.internal.FileLogInputStream.FileChannelRecordBatch;
import org.apache.kafka.common.record.internal.FileRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.storage.internals.log.AbortedTxn;
import org.apache.kafka.storage.internals.log.BatchMetadata;
import org.apache.kafka.storage.internals.log.ProducerStateEntry;
import org.apache.kafka.storage.internals.log.ProducerStateManager;
import org.apache.kafka.storage.internals.log.TransactionIndex;

/** Files of a partition as Kafka's own classes read them. */
class Files {
  /** Batches with their records; an invalid one throws. */
  static ArrayNode segment(String path) throws IOException {
    ArrayNode all = Driver.JSON.createArrayNode();
    try (FileRecords records = FileRecords.open(new File(path), false)) {
      for (FileChannelRecordBatch batch : records.batches()) {
        batch.ensureValid();
        ObjectNode one = all.addObject();
        header(one, batch);
        one.put("position", batch.position());
        ArrayNode list = one.putArray("records");
        for (Record record : batch) Json.record(list.addObject(), record.offset(), record.timestamp(), Json.bytes(record.key()), Json.bytes(record.value()), record.headers());
      }
      if (records.sizeInBytes() != size(all)) throw new IOException(path + " ends with bytes that are no batch");
    }
    return all;
  }

  private static int size(ArrayNode batches) {
    if (batches.isEmpty()) return 0;
    var last = batches.get(batches.size() - 1);
    return last.get("position").asInt() + last.get("sizeBytes").asInt();
  }

  private static void header(ObjectNode one, RecordBatch batch) {
    one.put("baseOffset", batch.baseOffset()).put("lastOffset", batch.lastOffset()).put("sizeBytes", batch.sizeInBytes());
    one.put("leaderEpoch", batch.partitionLeaderEpoch()).put("crc", batch.checksum());
    one.put("compression", batch.compressionType().name).put("timestampType", batch.timestampType().name);
    one.put("maxTimestamp", batch.maxTimestamp()).put("count", batch.countOrNull());
    one.put("producerId", batch.producerId()).put("producerEpoch", batch.producerEpoch()).put("baseSequence", batch.baseSequence());
    one.put("transactional", batch.isTransactional()).put("control", batch.isControlBatch());
    batch.deleteHorizonMs().ifPresent(horizon -> one.put("deleteHorizonMs", horizon));
  }

  static ArrayNode producerSnapshot(String path) throws IOException {
    ArrayNode all = Driver.JSON.createArrayNode();
    for (ProducerStateEntry entry : ProducerStateManager.readSnapshot(new File(path))) {
      ObjectNode one = all.addObject();
      one.put("producerId", entry.producerId()).put("epoch", entry.producerEpoch());
      int lastSequence = -1, offsetDelta = 0;
      for (BatchMetadata batch : entry.batchMetadata()) { // the newest is the last
        lastSequence = batch.lastSeq();
        offsetDelta = batch.offsetDelta();
      }
      one.put("lastSequence", lastSequence).put("lastOffset", entry.lastDataOffset()).put("offsetDelta", offsetDelta);
      one.put("timestamp", entry.lastTimestamp()).put("coordinatorEpoch", entry.coordinatorEpoch());
      one.put("transactionFirstOffset", entry.currentTxnFirstOffset().orElse(-1));
    }
    return all;
  }

  static ArrayNode transactionIndex(String path) throws IOException {
    ArrayNode all = Driver.JSON.createArrayNode();
    long base = Long.parseLong(new File(path).getName().substring(0, 20));
    try (var index = new TransactionIndex(base, new File(path))) {
      index.sanityCheck();
      for (AbortedTxn aborted : index.allAbortedTxns()) {
        ObjectNode one = all.addObject();
        one.put("producerId", aborted.producerId()).put("firstOffset", aborted.firstOffset());
        one.put("lastOffset", aborted.lastOffset()).put("lastStableOffset", aborted.lastStableOffset());
      }
    }
    return all;
  }
}
