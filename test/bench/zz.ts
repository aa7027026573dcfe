import { measureKafkaStreams } from '../kafka/streams-perf.ts'
const k = await measureKafkaStreams('window', { records: 2_000_000, keys: 10_000, partitions: 4 })
console.log('kafka window', k)
