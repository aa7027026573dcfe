import { noHeaders, type Bytes, type Header } from '../base/bytes.ts'
import { checkFields } from '../record/record-fields.ts'
import type { AppendOptions } from './producer.ts'

/**
 * Records for topics that are being made, where the log makes topics by itself, or that a server is being asked for: `append` is
 * synchronous, both of these are not.
 *
 * Invariants
 *   W1  Records of a topic are written in the order of the calls, before any that are appended once it is there.
 *   W2  They are copies, with the time of their call: the caller may reuse its bytes.
 *   W3  What cannot be written is told as a failed write is: by `flush`, or by the commit of the transaction.
 */
interface AwaitingRecord {
  readonly key: Bytes
  readonly value: Bytes
  readonly options: AppendOptions
  readonly sizeBytes: number
}

/** How topics come. */
export interface TopicSource {
  /** Whether the topic is there; if not, that it could come. @throws INVALID_TOPIC_NAME */
  has(topic: string): boolean
  /** Resolves when it is there. */
  make(topic: string): Promise<unknown>
}

export interface AwaitedTopicsHost {
  now(): number
  /** The topic is there. What it throws comes back as `failed`. */
  write(topic: string, key: Bytes, value: Bytes, options: AppendOptions): void
  /** A topic cannot be made, or a record not be written. */
  failed(error: unknown): void
  /** So many bytes wait no longer. */
  release(sizeBytes: number): void
}

/** About what a record takes beside its key and value. */
const recordBytes = 64

export class AwaitedTopics {
  private readonly source: TopicSource
  private readonly host: AwaitedTopicsHost
  private readonly records = new Map<string, AwaitingRecord[]>()
  private making: Promise<unknown> = Promise.resolve()

  constructor(source: TopicSource, host: AwaitedTopicsHost) {
    this.source = source
    this.host = host
  }

  /** False when the topic is there; what waited for it has been written then. @throws INVALID_TOPIC_NAME */
  isAwaited(topic: string): boolean {
    if (!this.source.has(topic)) return true
    this.arrived(topic)
    return false
  }

  /** Takes a record until its topic is there. Returns its size. @throws INVALID_OPTION */
  add(topic: string, key: Bytes, value: Bytes, options: AppendOptions = {}): number {
    const { partition, timestamp = this.host.now(), headers = noHeaders } = options
    checkFields({ key, value, headers })
    const copied = { timestamp, headers: headers.map(copyOfHeader), ...(partition === undefined ? {} : { partition }) }
    const sizeBytes = recordBytes + lengthOf(key) + lengthOf(value)
    const record = { key: copyOf(key), value: copyOf(value), options: copied, sizeBytes }
    const records = this.records.get(topic)
    if (records !== undefined) records.push(record)
    else {
      this.records.set(topic, [record])
      this.make(topic)
    }
    return sizeBytes
  }

  private make(topic: string): void {
    const made = this.source.make(topic).then(
      () => this.arrived(topic),
      (error: unknown) => {
        const records = this.take(topic)
        if (records.length === 0) return
        this.host.failed(error)
        for (const { sizeBytes } of records) this.host.release(sizeBytes)
      },
    )
    this.making = Promise.all([this.making, made])
  }

  private arrived(topic: string): void {
    for (const { key, value, options, sizeBytes } of this.take(topic)) {
      try {
        this.host.write(topic, key, value, options)
      } catch (error) {
        this.host.failed(error)
      }
      this.host.release(sizeBytes)
    }
  }

  private take(topic: string): readonly AwaitingRecord[] {
    const records = this.records.get(topic) ?? []
    this.records.delete(topic)
    return records
  }

  /** Resolves when every topic that was awaited so far is there, or is known not to come; null when none is. */
  settled(): Promise<unknown> | null {
    return this.records.size === 0 ? null : this.making
  }

  /** Throws the records away. The topics are made all the same. Returns their bytes. */
  drop(): number {
    let bytes = 0
    for (const records of this.records.values()) for (const { sizeBytes } of records.splice(0)) bytes += sizeBytes
    return bytes
  }
}

function lengthOf(bytes: Bytes): number {
  return bytes === null ? 0 : bytes.length
}

function copyOf<T extends Bytes>(bytes: T): T {
  return (bytes instanceof Uint8Array ? Buffer.from(bytes) : bytes) as T
}

function copyOfHeader([name, value]: Header): Header {
  return [name, copyOf(value)]
}
