import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Row } from './read-output.ts'

/** One row a line. */
export function* asJsonLines(rows: Iterable<Row>): Generator<string> {
  for (const row of rows) yield `${JSON.stringify(row)}\n`
}

/** Writes no faster than the reader reads, and ends in peace when that one has seen enough (`| head`). */
export async function print(text: Iterable<string>, to: Writable): Promise<void> {
  try {
    await pipeline(Readable.from(text), to, { end: false })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  }
}
