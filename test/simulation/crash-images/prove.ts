/**
 * Proves the log against crashes: every short workload, crashed at every step of the disk and in every way, and on disks that fail,
 * rot and lie; each image is recovered and compared with a plain model of the log.
 *
 *   npm run prove -- [--seed N] [--lanes 2] [--steps-every 4] [--one-in 1] [--at-least DISTINCT] [--job JSON]
 *
 * Workloads of one operation are crashed at each step, longer ones at one in `--steps-every`; `--one-in` takes a share of all jobs.
 * `--job` runs again what a failure has named. Exit status 0 when nothing was violated and enough images were distinct.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { jobsOf, kindOf, laneOf, runJob, type Counts, type Job } from './jobs.ts'

interface Report {
  readonly counts: Readonly<Record<string, Counts>>
  readonly violations: readonly string[]
  /** Fingerprints of the images. */
  readonly seen: readonly string[]
}

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '2' },
    lane: { type: 'string' },
    'one-in': { type: 'string', default: '1' },
    'steps-every': { type: 'string', default: '4' },
    'at-least': { type: 'string', default: '0' },
    job: { type: 'string' },
  },
})

const violationsAtMost = 5

async function runAll(jobs: readonly Job[]): Promise<Report> {
  const seen = new Set<string>()
  const counts: Record<string, Counts> = {}
  const violations: string[] = []
  for (const job of jobs) {
    try {
      const kind = kindOf(job)
      counts[kind] = sumOf(counts[kind], await runJob(job, seen))
    } catch (error) {
      violations.push(`${(error as Error).message}\n  again: npm run prove -- --job '${JSON.stringify(job)}'`)
      if (violations.length === violationsAtMost) break
    }
  }
  return { counts, violations, seen: [...seen] }
}

const none: Counts = { workloads: 0, steps: 0, points: 0, images: 0, distinct: 0, checks: 0 }

function sumOf(a: Counts | undefined, b: Counts): Counts {
  if (a === undefined) return b
  return Object.fromEntries(Object.entries(b).map(([name, count]) => [name, count + a[name as keyof Counts]])) as Counts
}

function myJobs(): readonly Job[] {
  if (values.job !== undefined) return [JSON.parse(values.job) as Job]
  const all = jobsOf({ seed: Number(values.seed), oneIn: Number(values['one-in']), stepsEvery: Number(values['steps-every']) })
  return values.lane === undefined ? all : all.filter((job) => laneOf(job, Number(values.lanes)) === Number(values.lane))
}

/** A process of its own for a share of the jobs. */
function runLane(lane: number): Promise<Report> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [...process.argv.slice(2), '--lane', `${lane}`], {
      serialization: 'advanced',
    })
    child.on('message', (report: Report) => resolve(report))
    child.on('error', reject)
    child.on('exit', (code, signal) => reject(new Error(`lane ${lane} ended with ${signal ?? code} and without a report`)))
  })
}

function print(reports: readonly Report[], seconds: number): boolean {
  const total = new Map<string, Counts>()
  for (const { counts } of reports)
    for (const [kind, each] of Object.entries(counts)) total.set(kind, sumOf(total.get(kind), each))
  const rows = [...total].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, counts]) => ({ kind, ...counts }))
  const distinct = new Set(reports.flatMap(({ seen }) => seen)).size
  const everything = [...total.values()].reduce((a, b) => sumOf(a, b), none)
  process.stdout.write(table([...rows, { kind: 'total', ...everything, distinct }]))
  const violations = reports.flatMap((report) => report.violations)
  for (const violation of violations) process.stdout.write(`VIOLATED: ${violation}\n`)
  process.stdout.write(
    `${distinct} distinct crash images, ${violations.length} violations, seed ${values.seed}, ${seconds.toFixed(1)} s\n`,
  )
  return violations.length === 0 && distinct >= Number(values['at-least'])
}

function table(rows: readonly Readonly<Record<string, string | number>>[]): string {
  const names = Object.keys(rows[0]!)
  const lines = [names, ...rows.map((row) => names.map((name) => String(row[name])))]
  return lines.map(([kind, ...cells]) => `${kind!.padEnd(22)}${cells.map((cell) => cell.padStart(11)).join('')}\n`).join('')
}

async function main(): Promise<void> {
  if (values.lane !== undefined) {
    process.on('disconnect', () => process.exit()) // who asked is gone
    const report = await runAll(myJobs())
    process.send!(report, () => process.disconnect())
    return
  }
  const started = performance.now()
  const lanes = values.job === undefined ? Number(values.lanes) : 0
  const reports =
    lanes === 0 ? [await runAll(myJobs())] : await Promise.all(Array.from({ length: lanes }, (_, lane) => runLane(lane)))
  process.exitCode = print(reports, (performance.now() - started) / 1000) ? 0 : 1
}

await main()
