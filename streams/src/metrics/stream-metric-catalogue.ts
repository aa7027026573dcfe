/**
 * What an application counts and measures, as data: by the groups of Kafka Streams, with its names (its chapter on monitoring; KIP-444,
 * KIP-613, KIP-825, KIP-846, KIP-869, KIP-989, KIP-1091).
 *
 * Rates, means, greatest and smallest values are of the last 30 to 60 seconds, as Kafka's are by default; totals begin with the task,
 * and those of clients and loops with the application. A mean of nothing is `NaN`.
 */

/**
 * What a sensor shows. `counted`: `-rate` and `-total`. `measured`: `-avg` and `-max`; `spread`: `-min` as well. The others its own name:
 * `counter` only rises, `gauge` rises and falls, `text` is no number.
 */
type SensorKind = 'counted' | 'measured' | 'spread' | 'counter' | 'gauge' | 'text'

export interface Sensor {
  readonly kind: SensorKind
  /** In UCUM (`ms`, `ns`), or what is counted in braces: `{record}`; `1`: a share, or a number of no unit. */
  readonly unit: string
  readonly help: string
  /** Kafka Streams has no such metric. */
  readonly own?: true
}

const groups = {
  'stream-metrics': {
    tags: ['client-id'],
    help: 'The application.',
    sensors: {
      version: { kind: 'text', unit: '1', help: 'The version of @millrace/streams.' },
      'application-id': { kind: 'text', unit: '1', help: 'The id of the application.' },
      'topology-description': { kind: 'text', unit: '1', help: 'What `describe()` prints.' },
      state: { kind: 'text', unit: '1', help: 'The state, as `app.state` gives it.' },
      'client-state': {
        kind: 'gauge',
        unit: '1',
        help: "The state by Kafka's numbers: 0 created, 1 starting or restarting, 2 running, 3 closing, 4 closed or ended, 6 failed.",
      },
      'alive-stream-threads': {
        kind: 'gauge',
        unit: '{thread}',
        help: 'Loops that run: 1, or 0 while the application does not.',
      },
      'failed-stream-threads': {
        kind: 'counter',
        unit: '{thread}',
        help: 'Loops that an error has stopped, those restarted since included.',
      },
    },
  },
  'stream-thread-metrics': {
    tags: ['thread-id'],
    help: 'The loop of an instance, which is what a thread is in Kafka Streams.',
    sensors: {
      process: { kind: 'counted', unit: '{record}', help: 'records that were processed' },
      'process-latency': { kind: 'measured', unit: 'ms', help: 'time for one record, from slices of up to 128 of one task' },
      'process-records': { kind: 'measured', unit: '{record}', help: 'records of one turn of the loop' },
      'process-ratio': { kind: 'gauge', unit: '1', help: 'The share of time spent on records.' },
      punctuate: { kind: 'counted', unit: '{call}', help: 'punctuations that fired' },
      'punctuate-latency': { kind: 'measured', unit: 'ms', help: 'time for one punctuation' },
      'punctuate-ratio': { kind: 'gauge', unit: '1', help: 'The share of time spent on punctuations.' },
      poll: { kind: 'counted', unit: '{call}', help: 'polls of the input topics' },
      'poll-latency': { kind: 'measured', unit: 'ms', help: 'time for one poll, its wait included' },
      'poll-records': { kind: 'measured', unit: '{record}', help: 'records of one poll' },
      'poll-ratio': { kind: 'gauge', unit: '1', help: 'The share of time spent on polls, waiting included.' },
      commit: { kind: 'counted', unit: '{call}', help: 'commits' },
      'commit-latency': { kind: 'measured', unit: 'ms', help: 'time for one commit' },
      'commit-ratio': { kind: 'gauge', unit: '1', help: 'The share of time spent on commits.' },
      'task-created': { kind: 'counted', unit: '{task}', help: 'tasks that were opened' },
      'task-closed': { kind: 'counted', unit: '{task}', help: 'tasks that were closed' },
      'thread-start-time': { kind: 'gauge', unit: 'ms', help: 'When the loop began, in milliseconds since 1970.' },
    },
  },
  'stream-task-metrics': {
    tags: ['thread-id', 'task-id'],
    help: 'A task.',
    sensors: {
      process: { kind: 'counted', unit: '{record}', help: 'records that were processed' },
      'process-latency': { kind: 'measured', unit: 'ms', help: 'time for one record, from slices of up to 128' },
      'active-process-ratio': {
        kind: 'gauge',
        unit: '1',
        help: 'The share of this task in the time that its loop spends on records.',
      },
      punctuate: { kind: 'counted', unit: '{call}', help: 'punctuations that fired' },
      'punctuate-latency': { kind: 'measured', unit: 'ms', help: 'time for one punctuation' },
      commit: { kind: 'counted', unit: '{call}', help: 'commits that this task took part in' },
      'enforced-processing': {
        kind: 'counted',
        unit: '{record}',
        help: 'records taken although an input was still empty after `maxTaskIdleMs`',
      },
      'record-lateness': { kind: 'measured', unit: 'ms', help: 'how far records are behind the stream time of the task' },
      'dropped-records': { kind: 'counted', unit: '{record}', help: 'records that did not go on; a step counts with its commit' },
      'active-buffer-count': { kind: 'gauge', unit: '{record}', help: 'Records that wait in the queues of the inputs.' },
      'input-buffer-bytes-total': { kind: 'gauge', unit: '{byte}', help: 'Bytes of the batches in the queues of the inputs.' },
      restore: { kind: 'counted', unit: '{record}', help: 'records that were replayed into stores' },
      'restore-remaining-records-total': { kind: 'gauge', unit: '{record}', help: 'Offsets of changelogs still to be replayed.' },
      flush: {
        kind: 'counted',
        unit: '{call}',
        help: 'writes of committed rows to the engine, all stores of the task together',
        own: true,
      },
      'flush-latency': { kind: 'measured', unit: 'ms', help: 'time for one such write, the sync of the log included', own: true },
      'flush-records': { kind: 'measured', unit: '{record}', help: 'changes that one such write took along', own: true },
    },
  },
  'stream-drop-metrics': {
    tags: ['thread-id', 'task-id', 'reason'],
    help: 'Why records did not go on: `dropped-records` of the task, by reason. Not in Kafka Streams.',
    sensors: {
      'dropped-records-total': {
        kind: 'counter',
        unit: '{record}',
        help: 'In all: records that did not go on, for this reason.',
        own: true,
      },
    },
  },
  'stream-processor-node-metrics': {
    tags: ['thread-id', 'task-id', 'processor-node-id'],
    help: 'A node. Kafka counts `process` at sources alone.',
    sensors: {
      process: { kind: 'counted', unit: '{record}', help: 'records that came to the node' },
      'record-e2e-latency': {
        kind: 'spread',
        unit: 'ms',
        help: 'wall clock less the timestamp of the record, at sources when it is taken and at nodes without successors when it is done; one record of a slice is measured (KIP-613)',
      },
      'suppression-emit': { kind: 'counted', unit: '{record}', help: 'updates that `suppress` let go' },
      'emitted-records': { kind: 'counted', unit: '{record}', help: 'final rows that closed windows emitted' },
    },
  },
  'stream-topic-metrics': {
    tags: ['thread-id', 'task-id', 'processor-node-id', 'topic-name'],
    help: 'A topic, at the source or the sink that reads or writes it (KIP-846).',
    sensors: {
      'records-consumed-total': { kind: 'counter', unit: '{record}', help: 'In all: records taken.' },
      'bytes-consumed-total': { kind: 'counter', unit: '{byte}', help: 'In all: bytes of the batches that were begun.' },
      'records-produced-total': {
        kind: 'counter',
        unit: '{record}',
        help: 'In all: records written, those of steps that were not committed included.',
      },
      'bytes-produced-total': { kind: 'counter', unit: '{byte}', help: 'In all: bytes of them in their batches.' },
    },
  },
  'stream-state-metrics': {
    tags: ['thread-id', 'task-id', '<scope>-state-id'],
    help: 'A store. Its scope is `leveldb`, `leveldb-window`, `in-memory` or `in-memory-window`. Latencies are of the operations of one record of a slice.',
    sensors: {
      get: {
        kind: 'counted',
        unit: '{call}',
        help: 'rows that the topology looked up; of a window store without those that its index knows not to be there',
      },
      'get-latency': { kind: 'measured', unit: 'ns', help: 'time to look a row up' },
      put: { kind: 'counted', unit: '{call}', help: 'rows that were written' },
      'put-latency': { kind: 'measured', unit: 'ns', help: 'time to write a row' },
      delete: { kind: 'counted', unit: '{call}', help: 'rows that were deleted' },
      'delete-latency': { kind: 'measured', unit: 'ns', help: 'time to delete a row' },
      range: { kind: 'counted', unit: '{call}', help: 'queries of a stretch of rows that were begun' },
      all: { kind: 'counted', unit: '{call}', help: 'queries of all rows that were begun' },
      'num-open-iterators': { kind: 'gauge', unit: '{iterator}', help: 'Queries of several rows that have not ended (KIP-989).' },
      'iterator-duration': { kind: 'measured', unit: 'ns', help: 'from the first row of a query to its end (KIP-989)' },
      'oldest-iterator-open-since-ms': {
        kind: 'gauge',
        unit: 'ms',
        help: 'When the oldest query that has not ended began, in milliseconds since 1970; NaN: there is none.',
      },
    },
  },
  'stream-record-cache-metrics': {
    tags: ['thread-id', 'task-id', 'record-cache-id'],
    help: "The read cache of a store on an engine. (Kafka's record cache holds writes back; here a step does.)",
    sensors: {
      'hit-ratio': {
        kind: 'spread',
        unit: '1',
        help: 'the share of lookups that the cache answers, of those that no change on its way to the engine does; by commit',
      },
    },
  },
} as const

/** The catalogue of @millrace/streams. */
export type StreamMetricCatalogue = typeof groups

export const streamMetrics: StreamMetricCatalogue = groups

export type GroupName = keyof StreamMetricCatalogue

/** The sensors of a group that show so. */
export type SensorIn<G extends GroupName, K extends SensorKind> = {
  [S in keyof StreamMetricCatalogue[G]['sensors'] & string]: StreamMetricCatalogue[G]['sensors'][S] extends { readonly kind: K }
    ? S
    : never
}[keyof StreamMetricCatalogue[G]['sensors'] & string]
