/**
 * The house as data: which rooms there are, what each is for, and what it may import. The walls are held by walls.test.ts, the
 * table in ARCHITECTURE.md is printed from here (`npm run rooms`). A change of this file is a change of the architecture.
 */

/** A folder under a wing's `src/`. It may import itself, and the rooms named here. */
export interface Room {
  readonly does: string
  readonly imports: readonly string[] | 'any'
  /** Each folder in it is a room of its own, closed to its siblings. */
  readonly divided?: true
}

/** A workspace whose `src/` is divided into rooms. Files directly under `src/` are its doors and may import any room. */
export interface Wing {
  readonly does: string
  readonly rooms: Readonly<Record<string, Room>>
  /** Workspaces whose front door any room may import. */
  readonly wings: readonly string[]
  /** The room whose purpose is tests: tests of every room of this wing may import it. */
  readonly forTests?: string
}

export const house: Readonly<Record<string, Wing>> = {
  core: {
    does: 'the log, from bytes to broker',
    wings: [],
    forTests: 'simulation',
    rooms: {
      base: { does: 'ids, errors, assertions, the ports to the world, bounded queue, byte reader and writer', imports: [] },
      platform: {
        does: "Node's implementation of the ports: the only room that touches files, sockets, clock",
        imports: ['base'],
      },
      serde: { does: 'codecs between values and bytes', imports: ['base'] },
      metrics: { does: 'counters and histograms in memory, and their readers: Prometheus, OpenTelemetry', imports: ['base'] },
      record: { does: 'record batch v2: build, read, validate, compress; control records', imports: ['base'] },
      storage: { does: 'journal, segments, indexes, checkpoints, recovery, retention, compaction', imports: ['base', 'record'] },
      log: { does: 'partitions, and the directory that holds them', imports: ['base', 'record', 'storage'] },
      coordinator: { does: 'groups, transactions and metadata as pure state machines', imports: ['base', 'record'] },
      broker: { does: 'the use cases, without a wire', imports: ['base', 'record', 'log', 'coordinator'] },
      protocol: { does: "Kafka's wire codec: messages as data, no input or output", imports: ['base', 'record'] },
      server: {
        does: 'listener, TLS, SASL, framing, one handler per API key',
        imports: ['base', 'record', 'protocol', 'broker'],
      },
      client: {
        does: 'the ports Producer, Consumer and Admin, and their adapters',
        imports: ['base', 'record', 'protocol', 'broker'],
      },
      open: { does: "composition: logs with Node's ports bound to them", imports: 'any' },
      simulation: { does: 'the ports, simulated: seed, crashes, faults', imports: ['base'] },
      cli: { does: 'the `millrace` command', imports: 'any' },
    },
  },
  streams: {
    does: 'the DSL and its runtime',
    wings: ['core'],
    forTests: 'testing',
    rooms: {
      time: { does: 'durations, windows, stream time', imports: [] },
      metrics: { does: 'what an application counts and measures: the catalogue, and its readers', imports: [] },
      task: { does: 'the record in flight, and the context an operator sees', imports: ['time'] },
      dsl: { does: 'streams and tables as builders that emit graph nodes', imports: ['time', 'graph', 'rx'] },
      graph: { does: 'the logical graph: immutable nodes, names, validation, description', imports: ['time'] },
      plan: { does: 'graph to physical plan: sub-topologies, internal topics, task ids', imports: ['time', 'graph'] },
      rx: { does: "RxJS's operators that are pure per record, and the segment that runs them", imports: ['task'] },
      operators: { does: 'what a node does to a record: one RxJS operator a file', imports: ['time', 'task', 'state', 'rx'] },
      state: { does: 'stores over an engine port: layers, changelog, restore', imports: ['time', 'task', 'metrics'] },
      runtime: {
        does: 'queues, assignment, the loop, commit, ends, queries',
        imports: ['time', 'task', 'graph', 'plan', 'operators', 'rx', 'state', 'metrics'],
      },
      app: { does: 'StreamsApp: build, start, close, listeners', imports: 'any' },
      testing: { does: 'the test driver and the simulated store engine', imports: 'any' },
    },
  },
  connectors: {
    does: 'the connector framework and the built-in connectors',
    wings: ['core'],
    rooms: {
      api: { does: 'contracts of sources and sinks, settings, offsets, error signals', imports: [] },
      transform: { does: 'single-message transforms and predicates, pure', imports: ['api'] },
      builtin: { does: 'one folder per connector', imports: ['api'], divided: true },
      runtime: { does: 'worker, task lifecycle, offset store, dead letters, REST', imports: ['api', 'transform'] },
    },
  },
}

/** Workspaces without rooms, and the workspaces they may use through their doors. */
export const outside: Readonly<Record<string, readonly string[]>> = {
  'test/src': ['core', 'streams'],
  test: ['core', 'streams', 'connectors', 'test'],
  examples: ['core', 'streams', 'connectors', 'test'],
}

/** Packages from outside, and the places (folders, or files by their beginning) that may import them. */
export const packages: Readonly<Record<string, readonly string[]>> = {
  '@node-rs/crc32': ['core/src/base/', 'core/src/record/', 'core/src/platform/'],
  snappy: ['core/src/record/'],
  'lz4-napi': ['core/src/record/'],
  avsc: ['core/src/serde/avro', 'core/src/serde/schemas'],
  '@bufbuild/protobuf': ['core/src/serde/protobuf', 'core/src/serde/schemas'],
  zod: ['core/src/serde/'],
  rxjs: [
    'streams/src/dsl/',
    'streams/src/operators/',
    'streams/src/rx/',
    'streams/src/runtime/',
    'test/',
    'examples/',
    'streams/src/app/bad-records.test.ts',
    'streams/src/app/bad-use.test.ts',
  ],
  'classic-level': ['streams/src/state/engines/'],
  'fast-check': ['test/'],
  hyparquet: ['examples/', 'test/'],
  'vega-datasets': ['examples/', 'test/'],
  rolldown: ['core/rolldown.config.ts'],
  'ts-morph': ['test/architecture/'],
  '@opentelemetry/sdk-metrics': ['core/src/metrics/open-telemetry.test.ts'],
  kafkajs: ['test/conformance/'],
  '@platformatic/kafka': ['test/conformance/'],
}

/** What every test beside its source may import as well. */
export const testPackages: readonly string[] = ['vitest', 'fast-check', '@fast-check/vitest']

/** Node's modules that compute and touch nothing: any room may import them. All others stay in the places of `hosts`. */
export const pureModules: readonly string[] = [
  'assert',
  'buffer',
  'events',
  'module',
  'path',
  'string_decoder',
  'url',
  'util',
  'zlib',
]

/** Files that may import `node:crypto`: they take its hashes, its keyed hashes and its signatures, and draw no random numbers. */
export const digests: readonly string[] = [
  'core/src/storage/offset-map.ts',
  'core/src/broker/secrets.ts',
  'core/src/server/sasl/web-key-set.ts',
]

/** Where core and streams may touch the machine. */
export const hosts: readonly string[] = ['core/src/platform/']
