import { parseArgs } from 'node:util'
import { coreError } from '../base/error-catalogue.ts'
import type { Disk } from '../base/disk.ts'
import { decodeProducerSnapshot } from '../storage/producer-snapshot.ts'
import { TransactionIndex } from '../storage/transaction-index.ts'
import { UsageError, type Command } from './command.ts'
import { compareIndex } from './compare-index.ts'
import { dumpSegment } from './dump-segment.ts'

/** Prints what stands in segment, index and snapshot files, a line each, as Kafka's own tool does. */
export const dumpLog: Command = {
  name: 'dump-log',
  about: 'print the batches, entries or producers of segment, index and snapshot files',
  usage:
    'millrace dump-log --files FILE[,FILE…] [--print-data-log] [--json] [--verify-index-only [--index-interval-bytes N]]\n' +
    '      --json               a line of JSON for each batch, record or entry; bytes are base64\n' +
    '      --verify-index-only  of .index and .timeindex files: print only what differs from an index made anew from the segment',
  async run(args, { world: { disk }, out }) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        files: { type: 'string' },
        'print-data-log': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        'verify-index-only': { type: 'boolean', default: false },
        'index-interval-bytes': { type: 'string', default: '4096' },
      },
    })
    if (values.files === undefined) throw new UsageError('--files is missing')
    if (!/^\d+$/.test(values['index-interval-bytes'])) throw new UsageError('--index-interval-bytes takes a number')
    const options: DumpOptions = {
      withData: values['print-data-log'],
      json: values.json,
      comparesIndexes: values['verify-index-only'],
      indexIntervalBytes: Number(values['index-interval-bytes']),
    }
    let intact = true
    for (const path of values.files.split(',')) {
      if (disk.stat(path)?.kind !== 'file') throw coreError('NOT_A_FILE', { what: 'there is no such file', where: path })
      if (!options.json) out(`Dumping ${path}`)
      intact = (await dump(disk, path, options, out)) && intact
    }
    return intact ? 0 : 1
  },
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
