import java.util.Set;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** processValues with a store: each value with its number among those of its key. */
class CountValues implements FixedKeyProcessor<Object, Object, Object> {
  private final String name;
  private FixedKeyProcessorContext<Object, Object> context;
  private KeyValueStore<Object, Object> store;

  private CountValues(String name) {
    this.name = name;
  }

  static KStream<Object, Object> of(KStream<Object, Object> stream, String store) {
    return stream.processValues(
        new FixedKeyProcessorSupplier<Object, Object, Object>() {
          @Override
          public FixedKeyProcessor<Object, Object, Object> get() {
            return new CountValues(store);
          }

          @Override
          public Set<StoreBuilder<?>> stores() {
            return Set.of(
                Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(store), TopologyBuilder.TEXT, TopologyBuilder.TEXT));
          }
        });
  }

  @Override
  public void init(FixedKeyProcessorContext<Object, Object> context) {
    this.context = context;
    this.store = context.getStateStore(name);
  }

  @Override
  public void process(FixedKeyRecord<Object, Object> record) {
    Object before = store.get(record.key());
    long count = before == null ? 1 : Long.parseLong(Text.of(before)) + 1;
    store.put(record.key(), String.valueOf(count));
    context.forward(record.withValue(Text.of(record.value()) + "#" + count));
  }
}
