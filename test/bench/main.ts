import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { measureAgainstKafka } from './against-kafka.ts'
import { benches } from './benches.ts'
import type { BenchRow } from './row.ts'
import { measureStreamsAgainstKafka } from './streams-against-kafka.ts'
import { fullWireSize, measureWire } from './wire-against-kafka.ts'

/**
 * `npm run bench -- [--only ID] [--json FILE] [--directory DIR]`
 * `npm run bench -- --wire [--json FILE]`: Kafka's own tools against a broker of ours and an Apache Kafka, in turns.
 * `npm run bench -- [--streams] --against-kafka [--json FILE]`: the rows that a Kafka can be measured on, which then is the reference. It needs a
 * JDK and Maven. With `--streams` the rows of streams beside Kafka Streams, by records a CPU-second.
 *
 * Each row runs in a process of its own, so that none inherits another's heap. What it does not measure: a disk that is slower than
 * this one's cache. Compare within one run; machines are shared.
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    json: { type: 'string' },
    directory: { type: 'string' },
    'against-kafka': { type: 'boolean' },
    streams: { type: 'boolean' },
    wire: { type: 'boolean' },
    help: { type: 'boolean' },
  },
})

if (values.help === true) {
  process.stdout.write(
    `npm run bench -- [--only ID] [--json FILE] [--directory DIR] | --wire [--json FILE] | [--streams] --against-kafka [--json FILE]\n  rows: ${benches.map(({ id }) => id).join(', ')}\n`,
  )
} else if (values.wire === true) save(await measureBuilt(), true)
else if (values['against-kafka'] === true)
  save(await (values.streams === true ? measureStreamsAgainstKafka : measureAgainstKafka)(runApart), true)
else if (values.only === undefined) runAll()
else await runOne(values.only)

/** The command as its users have it: the start of a broker from its sources is another figure. */
async function measureBuilt(): Promise<BenchRow[]> {
  if (spawnSync('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0)
    throw new Error('the build failed')
  return measureWire(fullWireSize)
}

function runAll(): void {
  const rows: BenchRow[] = []
  for (const { id } of benches) {
    rows.push(runApart(id))
    print(rows.at(-1)!, rows.length === 1)
  }
  save(rows, false)
}

function save(rows: readonly BenchRow[], show: boolean): void {
  if (show) rows.forEach((row, index) => print(row, index === 0))
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`)
}

/** The row by a child process of this program. */
function runApart(id: string): BenchRow {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  try {
    const json = join(directory, 'row.json')
    const args = [
      '--conditions=@millrace/source',
      fileURLToPath(import.meta.url),
      '--only',
      id,
      '--json',
      json,
      '--directory',
      directory,
    ]
    const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    if (status !== 0) throw new Error(`the benchmark ${id} failed`)
    return (JSON.parse(readFileSync(json, 'utf8')) as BenchRow[])[0]!
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function runOne(id: string): Promise<void> {
  const bench = benches.find((one) => one.id === id)
  if (bench === undefined) throw new Error(`there is no benchmark ${id}; there are ${benches.map((one) => one.id).join(', ')}`)
  const directory = values.directory ?? mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  try {
    const row = await bench.run({ scale: 'full', directory })
    save([row], true)
  } finally {
    if (values.directory === undefined) rmSync(directory, { recursive: true, force: true })
  }
}

function print(row: BenchRow, head: boolean): void {
  if (head) process.stdout.write(`${line(['row', 'records', 'seconds', 'records/s', 'MB/s', 'CPU-s', 'reference/s', 'ratio'])}\n`)
  const { row: id, records, seconds, recordsPerSecond, megabytesPerSecond, cpuSeconds, reference, ratio, figures } = row
  process.stdout.write(`${line([id, records, seconds, recordsPerSecond, megabytesPerSecond, cpuSeconds, reference, ratio])}\n`)
  if (figures === undefined) return
  const texts = Object.entries(figures).map(([name, value]) => `${name} ${value}`)
  process.stdout.write(`  ${texts.join(', ')}\n`)
}

function line(cells: readonly (string | number)[]): string {
  return cells.map((cell, index) => (index === 0 ? String(cell).padEnd(22) : String(cell).padStart(13))).join('')
}
