/**
 * Kills a process that writes to a log at random moments, reopens the log and checks that it holds what was acknowledged, in whole
 * transactions, and nothing else; then the next process goes on with the same directory.
 *
 *   node --conditions=@millrace/source test/e2e/kill-acknowledged.ts [--rounds 100] [--lanes 1] [--seed N] [--dir DIR] [--quiet]
 *
 * Lanes run side by side, each in a directory of its own, and share the rounds.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { embeddedLog } from '@millrace/core'
import type { Acknowledged } from './acknowledged/content.ts'
import { Witness } from './acknowledged/witness.ts'
import { startProgram, type RealProcess } from './real-process.ts'
import { seeded } from './seeded.ts'

export interface Rounds {
  readonly rounds: number
  readonly seed: number
  readonly dir: string
  /** Told what happens. */
  readonly say?: (line: string) => void
}

export interface Outcome {
  readonly acknowledged: number
  readonly records: number
}

const child = new URL('./acknowledged/child.ts', import.meta.url)
const longestMs = 150
/** Rounds that are killed while they open and recover; the others have acknowledged something. */
const killedEarly = 0.25
/** Crashes that are recovered from by the next child before anybody has looked. */
const lookedAt = 0.7

/** @throws at the first violation, with the seed and the round */
export async function killAcknowledged({ rounds, seed, dir, say = () => {} }: Rounds): Promise<Outcome> {
  const random = seeded(seed)
  const witness = new Witness()
  let acknowledged = 0
  let next = startProgram(child, [dir])
  for (let round = 0; round < rounds; round++) {
    const writer = next
    next = startProgram(child, [dir]) // loads its modules while the other one works
    try {
      const told = await killOnTheWay(writer, round, { early: random() < killedEarly, afterMs: random() * longestMs })
      for (const each of told) witness.tell(round, each)
      acknowledged += told.length
      if (random() < lookedAt || round === rounds - 1) await lookAt(dir, witness)
    } catch (error) {
      next.kill()
      throw new Error(`seed ${seed}, round ${round}, ${dir}: ${(error as Error).message}`, { cause: error })
    }
    say(`round ${round}: ${acknowledged} acknowledgements, ${witness.records} records seen`)
  }
  next.kill()
  await lookFromTheBeginning(dir)
  return { acknowledged, records: witness.records }
}

interface Moment {
  /** Counted from the start, else from the first acknowledgement. */
  readonly early: boolean
  readonly afterMs: number
}

/** What the child has said before it was killed, after `ready`. A line that the kill cut off was not said. */
async function killOnTheWay(writer: RealProcess, round: number, moment: Moment): Promise<Acknowledged[]> {
  await writer.speaking
  writer.child.stdin?.write(`${round}\n`)
  if (!moment.early) await writer.more()
  const killing = setTimeout(() => writer.kill(), moment.afterMs)
  const { signal, code, stdout, stderr } = await writer.ended
  clearTimeout(killing)
  if (signal !== 'SIGKILL') throw new Error(`the writer ended by itself with ${signal ?? code}: ${stderr}`)
  return stdout
    .split('\n')
    .slice(1, -1)
    .map((line) => JSON.parse(line) as Acknowledged)
}

async function lookAt(dir: string, witness: Witness): Promise<void> {
  await using log = await embeddedLog({ dir })
  await witness.look(log)
}

/** After a clean close the whole log is read once more, from its first record on. */
async function lookFromTheBeginning(dir: string): Promise<void> {
  await lookAt(dir, new Witness())
}

function sumOf(outcomes: readonly Outcome[], name: keyof Outcome): number {
  return outcomes.reduce((sum, outcome) => sum + outcome[name], 0)
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '100' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      dir: { type: 'string' },
      lanes: { type: 'string', default: '1' },
      quiet: { type: 'boolean', default: false },
    },
  })
  const dir = values.dir ?? (await mkdtemp(join(tmpdir(), 'millrace-acknowledged-')))
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  const started = performance.now()
  say(`seed ${values.seed}, directory ${dir}`)
  const [rounds, lanes, seed] = [Number(values.rounds), Number(values.lanes), Number(values.seed)]
  const runLane = (lane: number): Promise<Outcome> =>
    killAcknowledged({
      rounds: Math.ceil((rounds - lane) / lanes),
      seed: seed + lane,
      dir: join(dir, `${lane}`),
      ...(!values.quiet && { say: (line: string) => say(`lane ${lane}, ${line}`) }),
    })
  const outcomes = await Promise.all(Array.from({ length: lanes }, (_, lane) => runLane(lane)))
  const [acknowledged, records] = [sumOf(outcomes, 'acknowledged'), sumOf(outcomes, 'records')]
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  say(`${rounds} processes killed: ${acknowledged} acknowledgements of ${records} records held, ${seconds} s`)
  if (values.dir === undefined) await rm(dir, { recursive: true })
}
