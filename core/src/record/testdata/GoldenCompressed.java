import java.io.FileOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.internal.*;

/** Writes one batch per codec; with an argument, reads batches out of that file and prints them. */
public class GoldenCompressed {
  public static void main(String[] args) throws Exception {
    if (args.length > 1) { read(args[1]); return; }
    long start = 1_700_000_000_000L;
    List<SimpleRecord> records = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      Header[] headers = i == 3
        ? new Header[] {new RecordHeader("h", (byte[]) null), new RecordHeader("h", "x".getBytes(StandardCharsets.UTF_8))}
        : new Header[0];
      byte[] key = i == 5 ? null : ("key-" + i).getBytes(StandardCharsets.UTF_8);
      byte[] value = i == 7 ? null : ("value " + i + " of the golden records").getBytes(StandardCharsets.UTF_8);
      records.add(new SimpleRecord(start + i, key, value, headers));
    }
    Compression[] codecs = {Compression.gzip().build(), Compression.snappy().build(), Compression.lz4().build(), Compression.zstd().build()};
    try (FileOutputStream out = new FileOutputStream(args[0])) {
      for (Compression codec : codecs) {
        ByteBuffer bytes = MemoryRecords.withRecords(codec, records.toArray(new SimpleRecord[0])).buffer();
        out.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
      }
    }
  }
  static void read(String file) throws Exception {
    MemoryRecords all = MemoryRecords.readableRecords(ByteBuffer.wrap(Files.readAllBytes(Path.of(file))));
    for (MutableRecordBatch batch : all.batches()) {
      batch.ensureValid();
      long hash = 17; int n = 0;
      for (org.apache.kafka.common.record.internal.Record r : batch) {
        n++;
        hash = hash * 31 + r.offset(); hash = hash * 31 + r.timestamp();
        if (r.hasKey()) hash = hash * 31 + r.key().hashCode();
        if (r.hasValue()) hash = hash * 31 + r.value().hashCode();
        hash = hash * 31 + r.headers().length;
      }
      System.out.println(batch.compressionType() + " " + n + " " + batch.timestampType() + " " + batch.maxTimestamp() + " " + hash);
    }
  }
}
