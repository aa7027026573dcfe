import { fileURLToPath } from 'node:url'
import { zstdDecompressSync } from 'node:zlib'
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead, type ColumnData } from 'hyparquet'
import type { FlightFile, FlightLine } from './flights.ts'
import { vegaDataset } from './vega-datasets.ts'

/** A row group as hyparquet gives it: column by column, so that no row is an object before its turn comes. */
interface Columns {
  readonly date: readonly Date[]
  readonly delay: readonly bigint[]
  readonly distance: readonly bigint[]
  readonly origin: readonly string[]
  readonly destination: readonly string[]
}

/** Rows `start` to `end` of the file, without the last. */
interface RowGroup {
  readonly start: number
  readonly end: number
}

const compressors = { ZSTD: (bytes: Uint8Array): Uint8Array => zstdDecompressSync(bytes) }

/** A large file: one row group (272,727 flights) at a time, and the next one is read while the last is worked on. */
export async function openParquetFlights(name: string): Promise<FlightFile> {
  const file = await asyncBufferFromFile(fileURLToPath(vegaDataset(name)))
  const metadata = await parquetMetadataAsync(file)
  const groups = groupsOf(metadata.row_groups)

  async function read({ start: rowStart, end: rowEnd }: RowGroup): Promise<Columns> {
    const columns: Record<string, unknown[]> = {}
    const gather = ({ columnName, columnData }: ColumnData): void => {
      columns[columnName] = (columns[columnName] ?? []).concat(Array.from(columnData))
    }
    await parquetRead({ file, metadata, compressors, rowStart, rowEnd, onChunk: gather })
    return columns as unknown as Columns
  }

  return { file: name, lines: groups.at(-1)?.end ?? 0, from: (line) => readAhead(groups, line, read) }
}

function groupsOf(groups: readonly { readonly num_rows: bigint }[]): readonly RowGroup[] {
  let end = 0
  return groups.map(({ num_rows: rows }) => ({ start: end, end: (end += Number(rows)) }))
}

async function* readAhead(
  groups: readonly RowGroup[],
  line: number,
  read: (group: RowGroup) => Promise<Columns>,
): AsyncGenerator<Iterable<FlightLine>> {
  const wanted = groups.filter(({ end }) => end > line)
  let next = wanted[0] && read(wanted[0])
  for (const [i, { start, end }] of wanted.entries()) {
    const columns = await next
    next = wanted[i + 1] && read(wanted[i + 1]!)
    next?.catch(() => {}) // reported when its turn comes
    yield linesOf(columns!, Math.max(line - start, 0), end - start)
  }
}

/** The file says nothing about the zone, and hyparquet reads such dates as UTC. */
function* linesOf({ date, delay, distance, origin, destination }: Columns, from: number, to: number): Generator<FlightLine> {
  for (let i = from; i < to; i++) {
    yield {
      departure: date[i]!.getTime(),
      delay: Number(delay[i]),
      distance: Number(distance[i]),
      origin: origin[i]!,
      destination: destination[i]!,
    }
  }
}
