import { command, type Command } from '../command.ts'

/** Prints what stands in segment, index and snapshot files, a line each, as Kafka's own tool does. */
export const dumpLog: Command = command({
  name: 'dump-log',
  about: 'print the batches, entries or producers of segment, index and snapshot files',
  options: {
    files: { takes: 'text', shown: 'FILE[,FILE…]', required: true, about: 'the files, with commas between' },
    'print-data-log': { takes: 'flag', about: 'the records of each batch, too' },
    json: { takes: 'flag', about: 'a line of JSON for each batch, record or entry; bytes are base64' },
    'verify-index-only': {
      takes: 'flag',
      about: 'of .index and .timeindex files: print only what differs from an index made anew from the segment',
    },
    'index-interval-bytes': { takes: 'number', default: 4096, about: 'the index.interval.bytes that the index was made with' },
  },
  run: async (values, context) => (await import('../run-dump-log.ts')).runDumpLog(values, context),
})
