import { command, type Command } from '../command.ts'
import { json, place } from '../shared-options.ts'

const load = () => import('../run-perf.ts')

const topic = { takes: 'text', shown: 'TOPIC', required: true, about: 'which topic; it has to be there' } as const
const recordSize = { takes: 'number', minimum: 1, also: ['message-size'], about: 'bytes of each value' } as const

export const perfCommands: readonly Command[] = [
  command({
    name: 'perf produce',
    about: 'how many records a second are acknowledged, and how long each takes, as kafka-producer-perf-test does it',
    options: {
      ...place,
      topic,
      'num-records': { takes: 'number', minimum: 1, required: true, about: 'how many records' },
      'record-size': { ...recordSize, default: 100 },
      throughput: { takes: 'number', minimum: -1, default: -1, about: 'records a second at most; -1: as many as can be' },
      'batch-size': {
        takes: 'number',
        minimum: 1,
        default: 262_144,
        about: 'bytes of a batch, which is sent earlier while less than three are under way',
      },
      'buffer-memory': { takes: 'number', minimum: 1, default: 33_554_432, about: 'bytes that may wait to be acknowledged' },
      'compression-codec': {
        takes: 'text',
        choices: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
        default: 'none',
        about: 'how batches are compressed',
      },
      'warmup-records': { takes: 'number', default: 0, about: 'so many of them are not measured' },
      json,
    },
    notes: 'The time of a record counts from when it is appended to its batch until the batch is acknowledged.',
    run: async (values, context) => (await load()).perfProduce(values, context),
  }),
  command({
    name: 'perf consume',
    about: 'how many records a second are read, as kafka-consumer-perf-test does it',
    options: {
      ...place,
      topic,
      'num-records': { takes: 'number', minimum: 1, required: true, also: ['messages'], about: 'how many records' },
      'fetch-size': { takes: 'number', minimum: 1, default: 1_048_576, about: 'bytes of a poll' },
      'from-latest': { takes: 'flag', about: 'from the end instead of the beginning' },
      timeout: { takes: 'number', minimum: 1, default: 10_000, about: 'milliseconds: end when nothing has come for so long' },
      json,
    },
    run: async (values, context) => (await load()).perfConsume(values, context),
  }),
  command({
    name: 'perf latency',
    about: 'how long a record takes from producer to consumer, one after the other, as kafka-e2e-latency does it',
    options: {
      ...place,
      topic,
      'num-records': { takes: 'number', minimum: 1, required: true, also: ['num-messages'], about: 'how many records' },
      'record-size': { ...recordSize, default: 100 },
      json,
    },
    notes: 'A record is acknowledged before it is looked for (acks=all), and the next one follows when it was read.',
    run: async (values, context) => (await load()).perfLatency(values, context),
  }),
]
