import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { KafkaHome } from './kafka-home.ts'
import type { MessageDefinition } from './protocol-definitions.ts'
import type { InputRow, Outcome, Step } from './streams/topology-case.ts'

/**
 * The Java process that runs Kafka's broker, clients and tools for a test; driver/Driver.java is its other half. One process does
 * many operations: a Java process each would take most of a test's time.
 *
 * It ends with its standard input, so that it never outlives this process, however that ends; and after `limitSeconds`.
 */
export interface KafkaCommands {
  /** The folder of the properties is the broker's, and goes with the process. */
  format: { args: { properties: string; clusterId: string }; answer: ToolOutput }
  /** The broker answers when it resolves. */
  start: { args: { settings: Settings }; answer: null }
  /** Closes the clients, then the broker, cleanly. */
  stop: { args: object; answer: null }
  connect: { args: { bootstrap: string }; answer: null }
  /** Processor time of the process, broker and clients together. */
  cpuSeconds: { args: object; answer: number }
  /** Answers the topic id. */
  createTopic: { args: { topic: string; partitions: number; config: Settings }; answer: string }
  alterTopicConfig: { args: { topic: string; changes: Readonly<Record<string, string | null>> }; answer: null }
  deleteRecords: { args: Place & { before: number }; answer: number }
  listOffset: { args: Place & { at: OffsetSpec }; answer: { offset: number; timestamp: number } }
  groupOffsets: { args: { group: string }; answer: readonly (Place & { offset: number; metadata: string })[] }
  openProducer: { args: { producer: string; config: Settings }; answer: null }
  /** Sends, then flushes; answers the offsets. */
  send: { args: { producer: string; records: readonly JsonOutgoing[] }; answer: readonly number[] }
  begin: { args: { producer: string }; answer: null }
  sendOffsets: { args: { producer: string; group: string; positions: readonly (Place & { offset: number })[] }; answer: null }
  /** Answers when its markers are written. */
  end: { args: { producer: string; transactionalId: string; how: 'commit' | 'abort' }; answer: null }
  closeProducer: { args: { producer: string }; answer: null }
  /** One idempotent batch of `count` records; answers the name of the error, `NONE` for none. */
  produceRaw: {
    args: Place & { producerId: number; producerEpoch: number; baseSequence: number; count: number }
    answer: { error: string; baseOffset: number }
  }
  describeProducers: { args: Place; answer: readonly Readonly<Record<string, number>>[] }
  /** From the first offset to the end, as that consumer sees it. */
  consume: { args: Place & { isolation: 'read_committed' | 'read_uncommitted' }; answer: readonly JsonRecord[] }
  /** Subscribed; `config` has its group. */
  openConsumer: { args: { consumer: string; config: Settings; topics: readonly string[]; pattern?: string }; answer: null }
  /** What it got, what it is assigned then, and what was revoked and lost since the last one. */
  poll: { args: { consumer: string; forMs: number }; answer: Polled }
  /** Its positions; answers the name of the error, null for none. */
  commit: { args: { consumer: string }; answer: string | null }
  /** The consumer's positions become part of the producer's transaction, with who it is in its group. */
  sendPositions: { args: { producer: string; consumer: string }; answer: null }
  closeConsumer: { args: { consumer: string }; answer: null }
  /** What Java's admin client answers to one call after the other, around a new topic. */
  administer: { args: { topic: string }; answer: Readonly<Record<string, unknown>> }
  dumpLog: { args: { args: readonly string[] }; answer: ToolOutput }
  /** One of Kafka's command line tools, in this process. */
  tool: { args: { mainClass: string; args: readonly string[]; input: string }; answer: ToolEnd }
  readSegment: { args: { path: string }; answer: readonly KafkaBatch[] }
  readProducerSnapshot: { args: { path: string }; answer: readonly Readonly<Record<string, number>>[] }
  readTransactionIndex: { args: { path: string }; answer: readonly Readonly<Record<string, number>>[] }
  /** Kafka's own definitions of these messages. */
  protocolDefinitions: { args: { messages: readonly string[] }; answer: Readonly<Record<string, MessageDefinition>> }
  protocolErrors: { args: object; answer: Readonly<Record<string, number>> }
  /** Frames, read by Kafka's classes and written again. */
  roundTrips: {
    args: { frames: readonly JsonFrame[] }
    answer: readonly ({ readonly bytes: string } | { readonly refusal: string })[]
  }
  /** A new topology, fed in order; driver/TopologyCase.java. */
  runTopology: { args: { topology: readonly Step[]; input: readonly InputRow[] }; answer: Outcome }
}

export type Settings = Readonly<Record<string, string>>
/** A number is a time: the first offset at or after it; -1 for none. */
export type OffsetSpec = 'earliest' | 'latest' | 'stable' | 'max-timestamp' | number

export interface Place {
  readonly topic: string
  readonly partition: number
}

interface Polled {
  /** Of this poll. */
  readonly records: readonly (Place & { readonly value: string })[]
  /** `topic-partition`, sorted. */
  readonly assigned: readonly string[]
  readonly revoked: readonly string[]
}

export interface ToolEnd {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

interface ToolOutput {
  readonly status: number
  readonly text: string
}

/** Bytes are base64. */
export interface JsonRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [string, string | null])[]
}

export interface JsonOutgoing extends Place {
  readonly timestamp?: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [string, string | null])[]
}

/** A frame without its size; bytes are base64. */
interface JsonFrame {
  readonly key: number
  readonly version: number
  readonly kind: 'request' | 'response'
  readonly bytes: string
}

/** A batch of a segment file, as Kafka's classes read it. */
interface KafkaBatch {
  readonly position: number
  readonly sizeBytes: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly leaderEpoch: number
  readonly crc: number
  readonly compression: string
  readonly timestampType: string
  readonly maxTimestamp: number
  readonly count: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly transactional: boolean
  readonly control: boolean
  readonly deleteHorizonMs?: number
  readonly records: readonly JsonRecord[]
}

type Op = keyof KafkaCommands
type Answer = { readonly id: number } & (
  | { readonly answer: unknown }
  | { readonly error: { readonly type: string; readonly message: string } }
)

/** A command that Kafka refused; `type` is the class of its exception. */
class KafkaRefusal extends Error {
  readonly type: string

  constructor(op: string, type: string, message: string) {
    super(`Kafka refused ${op}: ${type}: ${message}`)
    this.type = type
  }
}

interface Waiting {
  readonly op: Op
  readonly resolve: (answer: never) => void
  readonly reject: (error: Error) => void
}

export interface DriverOptions {
  readonly limitSeconds?: number
  /** Default: little memory, and the quick compiler only. A measurement wants others. */
  readonly javaOptions?: readonly string[]
}

const smallJava = ['-Xms128m', '-Xmx768m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto']
const keptLogLines = 200

export class KafkaDriver implements AsyncDisposable {
  private readonly child: ChildProcess
  private readonly waiting = new Map<number, Waiting>()
  private readonly ended: Promise<void>
  private log: string[] = []
  private lastId = 0

  constructor(home: KafkaHome, { limitSeconds = 300, javaOptions = smallJava }: DriverOptions = {}) {
    const logging = `-Dlog4j2.configurationFile=${home.logging}`
    const args = [...javaOptions, logging, '-cp', home.classPath, 'Driver', String(limitSeconds)]
    this.child = spawn('java', args, { stdio: 'pipe' })
    createInterface({ input: this.child.stdout! }).on('line', (line) => this.take(line))
    createInterface({ input: this.child.stderr! }).on('line', (line) => this.keep(line))
    this.child.stdin!.on('error', () => {
      // It has ended: `ended` tells those who wait.
    })
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error) => this.end(error.message, resolve))
      this.child.on('close', (code, signal) => this.end(`it ended with ${signal ?? code}`, resolve))
    })
  }

  /** @throws KafkaRefusal; an error with the last lines of the log when the process has ended */
  call<O extends Op>(op: O, args: KafkaCommands[O]['args']): Promise<KafkaCommands[O]['answer']> {
    const id = ++this.lastId
    return new Promise<KafkaCommands[O]['answer']>((resolve, reject) => {
      this.waiting.set(id, { op, resolve, reject })
      this.child.stdin!.write(`${JSON.stringify({ ...args, id, op })}\n`)
      if (this.child.exitCode !== null) this.end(`it had ended with ${this.child.exitCode}`, () => undefined)
    })
  }

  /** What Kafka has logged: warnings and errors, the newest lines. */
  get logLines(): readonly string[] {
    return this.log
  }

  forgetLog(): void {
    this.log = []
  }

  /** Stops the broker too. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.child.stdin!.end()
    await this.ended
  }

  private take(line: string): void {
    const answer = JSON.parse(line) as Answer
    const waiting = this.waiting.get(answer.id)!
    this.waiting.delete(answer.id)
    if ('error' in answer) waiting.reject(new KafkaRefusal(waiting.op, answer.error.type, answer.error.message))
    else waiting.resolve(answer.answer as never)
  }

  private keep(line: string): void {
    this.log.push(line)
    if (this.log.length > keptLogLines) this.log.shift()
  }

  private end(how: string, resolve: () => void): void {
    for (const { op, reject } of this.waiting.values())
      reject(new Error(`Kafka's process is gone during ${op}: ${how}\n${this.log.slice(-30).join('\n')}`))
    this.waiting.clear()
    resolve()
  }
}
