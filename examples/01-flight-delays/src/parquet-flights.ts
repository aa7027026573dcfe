import { fileURLToPath } from 'node:url'
import { zstdDecompressSync } from 'node:zlib'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import type { FlightFile, FlightLine } from './flights.ts'
import { vegaDataset } from './vega-datasets.ts'

/** A row as hyparquet gives it. */
interface ParquetRow {
  readonly date: Date
  readonly delay: bigint
  readonly distance: bigint
  readonly origin: string
  readonly destination: string
}

const compressors = { ZSTD: (bytes: Uint8Array): Uint8Array => zstdDecompressSync(bytes) }

/** A large file: one row group (272,727 flights) at a time, and the next one while the last is worked on. */
export async function openParquetFlights(name: string): Promise<FlightFile> {
  const file = await asyncBufferFromFile(fileURLToPath(vegaDataset(name)))
  const metadata = await parquetMetadataAsync(file)
  const ends = endsOf(metadata.row_groups)
  const lines = ends.at(-1) ?? 0

  async function read(rowStart: number): Promise<readonly FlightLine[]> {
    const rowEnd = ends.find((end) => end > rowStart) ?? lines
    const rows = await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd })
    return (rows as unknown as ParquetRow[]).map(toLine)
  }

  return { file: name, lines, from: (line) => readAhead(line, lines, read) }
}

/** Where each row group ends. */
function endsOf(groups: readonly { readonly num_rows: bigint }[]): readonly number[] {
  let end = 0
  return groups.map(({ num_rows: rows }) => (end += Number(rows)))
}

async function* readAhead(
  first: number,
  lines: number,
  read: (from: number) => Promise<readonly FlightLine[]>,
): AsyncGenerator<readonly FlightLine[]> {
  let line = first
  let next = line < lines ? read(line) : undefined
  while (next !== undefined) {
    const block = await next
    line += block.length
    next = line < lines ? read(line) : undefined
    next?.catch(() => {}) // reported when its turn comes
    yield block
  }
}

/** The file says nothing about the zone, and hyparquet reads such dates as UTC. */
function toLine({ date, delay, distance, origin, destination }: ParquetRow): FlightLine {
  return { departure: date.getTime(), delay: Number(delay), distance: Number(distance), origin, destination }
}
