import { coreError } from '../base/error-catalogue.ts'
import type { Disk } from '../base/disk.ts'
import { decodeProducerSnapshot } from '../storage/producer-snapshot.ts'
import { TransactionIndex } from '../storage/transaction-index.ts'
import type { CommandContext, ExitCode } from './command.ts'
import { compareIndex } from './compare-index.ts'
import { dumpSegment } from './dump-segment.ts'
import { UsageError } from './usage-error.ts'

interface DumpValues {
  readonly files: string
  readonly 'print-data-log': boolean
  readonly json: boolean
  readonly 'verify-index-only': boolean
  readonly 'index-interval-bytes': number
}

/** @throws NOT_A_FILE */
export async function runDumpLog(values: DumpValues, { world: { disk }, out }: CommandContext): Promise<ExitCode> {
  const options: DumpOptions = {
    withData: values['print-data-log'],
    json: values.json,
    comparesIndexes: values['verify-index-only'],
    indexIntervalBytes: values['index-interval-bytes'],
  }
  let intact = true
  for (const path of values.files.split(',')) {
    if (disk.stat(path)?.kind !== 'file') throw coreError('NOT_A_FILE', { what: 'there is no such file', where: path })
    if (!options.json) out(`Dumping ${path}`)
    intact = (await dump(disk, path, options, out)) && intact
  }
  return intact ? 0 : 1
}

interface DumpOptions {
  readonly withData: boolean
  readonly json: boolean
  readonly comparesIndexes: boolean
  readonly indexIntervalBytes: number
}

type Out = (line: string) => void
type Facts = Readonly<Record<string, unknown>>

async function dump(disk: Disk, path: string, options: DumpOptions, out: Out): Promise<boolean> {
  const { comparesIndexes, indexIntervalBytes, json } = options
  if (path.endsWith('.log')) return dumpSegment(disk, path, options, out)
  if (comparesIndexes) return compareIndex(disk, path, indexIntervalBytes, out)
  for (const facts of entriesOf(disk.readFile(path), path)) out(json ? JSON.stringify(facts) : lineOf(facts))
  return true
}

/** Of a file that is no segment. */
function entriesOf(content: Uint8Array, path: string): Iterable<Facts> {
  const base = Number(path.split('/').at(-1)!.slice(0, 20))
  const bytes = Buffer.from(content)
  if (path.endsWith('.index'))
    return entriesAt(bytes, 8, (at) => ({ offset: base + bytes.readInt32BE(at), position: bytes.readInt32BE(at + 4) }))
  if (path.endsWith('.timeindex'))
    return entriesAt(bytes, 12, (at) => ({
      timestamp: Number(bytes.readBigInt64BE(at)),
      offset: base + bytes.readInt32BE(at + 8),
    }))
  if (path.endsWith('.txnindex')) return Array.from(new TransactionIndex(content), (aborted) => ({ version: 0, ...aborted }))
  if (path.endsWith('.snapshot')) return decodeProducerSnapshot(content, path).map((producer) => ({ ...producer }))
  throw new UsageError(`${path}: only .log, .index, .timeindex, .txnindex and .snapshot files are known`)
}

function entriesAt(bytes: Buffer, entryBytes: number, read: (at: number) => Facts): Facts[] {
  return Array.from({ length: Math.floor(bytes.length / entryBytes) }, (_, index) => read(index * entryBytes))
}

function lineOf(facts: Facts): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(' ')
}
