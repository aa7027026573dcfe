/**
 * What an example of the documentation finds around it: a builder, and the topology that was built when the first record is piped in.
 * It prints what `show` sees and what is written to topics, in the order in which it happens, and at the end what was dropped.
 */
import { int64, string, type Serde } from '@millrace/core'
import { StreamsBuilder, type Duration, type KStream, type KTable, type RekeyedStream } from '@millrace/streams'
import { TopologyTestDriver, type TestRow } from '@millrace/test'

/** Key, value, and timestamp, by default 0. */
export type DocRow = readonly [key: unknown, value: unknown, timestamp?: number]

/** Serdes of most examples. */
export const texts: { readonly key: Serde<string>; readonly value: Serde<string> } = { key: string, value: string }
export const numbers: { readonly key: Serde<string>; readonly value: Serde<number> } = { key: string, value: int64 }

export class DocWorld {
  readonly builder: StreamsBuilder = new StreamsBuilder()
  readonly #lines: string[] = []
  #driver: TopologyTestDriver | undefined

  readonly print = (line: string): void => {
    this.#lines.push(line)
  }

  /** Prints each record of a stream, or each update of a table. */
  readonly show = <K, V>(shown: KStream<K, V> | RekeyedStream<K, V> | KTable<K, V>, label?: string): void => {
    const stream = 'toStream' in shown ? shown.toStream() : shown
    const before = label === undefined ? '' : `${label}: `
    const look = (value: unknown, key: unknown, { timestamp }: { readonly timestamp: number }): void =>
      this.print(`${before}${lineOf(key, value, timestamp)}`)
    ;(stream as KStream<unknown, unknown>).forEach(look)
  }

  readonly pipe = (topic: string, ...rows: readonly DocRow[]): void => {
    for (const [key, value, timestamp = 0] of rows) this.#then((driver) => driver.pipeInput(topic, { key, value, timestamp }))
  }

  readonly endOfInput = (): void => this.#then((driver) => driver.endOfInput())

  readonly advanceWallClock = (by: Duration): void => this.#then((driver) => driver.advanceWallClock(by))

  /** Calls to the outside end whose promises are resolved. */
  readonly settle = async (): Promise<void> => {
    await this.#driver?.settle()
    this.#printWritten()
  }

  /** All that was printed. */
  end(): string {
    const drops = Object.entries(this.#driver?.drops ?? {}).filter(([, count]) => count > 0)
    if (drops.length > 0) this.print(`dropped: ${drops.map(([reason, count]) => `${reason} ${count}`).join(', ')}`)
    this.#driver?.close()
    return this.#lines.join('\n')
  }

  #then(work: (driver: TopologyTestDriver) => void): void {
    const driver = (this.#driver ??= new TopologyTestDriver(this.builder.build()))
    work(driver)
    this.#printWritten()
  }

  #printWritten(): void {
    const driver = this.#driver
    for (const topic of driver?.writtenTopics ?? []) for (const row of driver!.readAll(topic)) this.print(rowLine(row))
  }
}

function rowLine({ topic, key, value, timestamp, headers }: TestRow): string {
  const named = headers.map(([name, bytes]) => ` ${name}=${bytes === null ? 'null' : Buffer.from(bytes).toString()}`).join('')
  return `topic ${topic}: ${lineOf(key, value, timestamp)}${named}`
}

function lineOf(key: unknown, value: unknown, timestamp: number): string {
  return `${keyText(key)} = ${textOf(value)} @${timestamp}`
}

/** A windowed key: the key, and the bounds of its window. */
function keyText(key: unknown): string {
  if (typeof key !== 'object' || key === null || !('start' in key) || !('end' in key)) return textOf(key)
  const { key: inner, start, end } = key as unknown as { readonly key: unknown; readonly start: number; readonly end: number }
  return `${textOf(inner)} ${start}..${end}`
}

function textOf(given: unknown): string {
  return typeof given === 'string' ? given : JSON.stringify(given)
}
