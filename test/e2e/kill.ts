/**
 * Kills the flight example at random moments and compares what it has written in the end.
 *
 *   node --conditions=@millrace/source test/e2e/kill.ts [--kills 20] [--all] [--seed N]
 *
 * Every kill goes to a process group at work. When the example comes to its end before the last kill, its rows are compared and it
 * begins anew in another directory; after the last kill it is left to finish.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { expectedDelays } from './expected-delays.ts'
import { rowsOf, runExample, startExample } from './flight-example.ts'
import { seeded } from './seeded.ts'

export interface Kills {
  readonly kills: number
  readonly seed: number
  readonly all: boolean
  /** Told what happens. */
  readonly say?: (line: string) => void
}

/** Half of the kills come while it starts and recovers, or soon after; the others anywhere in a whole run. */
const soon = 0.5
/** How much of a whole run is soon. */
const soonShare = 0.25

/** Resolves when the rows were right each time that the example came to its end. @throws at the first difference */
export async function killFlightExample({ kills, seed, all, say = () => {} }: Kills): Promise<void> {
  const random = seeded(seed)
  const expected = await expectedDelays({ all })
  const once = await inDirectory((folder) => finish(folder, all, expected))
  say(`seed ${seed}: ${expected.length} rows, right when undisturbed, in ${seconds(once)}`)

  let left = kills
  while (left > 0) left -= await inDirectory((folder) => lap(folder, left))

  /** Kills until the example ends by itself, but at most so often; returns how often. */
  async function lap(folder: string, atMost: number): Promise<number> {
    for (let done = 0; done < atMost; done++) {
      const afterMs = once * random() * (random() < soon ? soonShare : 1)
      if (await endsWithin(afterMs, folder)) {
        say(`ended by itself before ${seconds(afterMs)}: right; begins anew`)
        return done
      }
      say(`killed after ${seconds(afterMs)}`)
    }
    await finish(folder, all, expected)
    await finish(folder, all, expected)
    say('left to finish, and run once more: right')
    return atMost
  }

  async function endsWithin(afterMs: number, folder: string): Promise<boolean> {
    const run = startExample(argsFor(folder, all))
    const killing = setTimeout(() => run.kill(), afterMs)
    const ending = await run.ended
    clearTimeout(killing)
    if (ending.signal === 'SIGKILL') return false
    compare(rowsOf(ending), expected)
    return true
  }
}

/** Runs to the end and compares; returns how many milliseconds that took. */
async function finish(folder: string, all: boolean, expected: readonly string[]): Promise<number> {
  const started = performance.now()
  compare(rowsOf(await runExample(argsFor(folder, all))), expected)
  return performance.now() - started
}

function argsFor(folder: string, all: boolean): readonly string[] {
  return ['--data', folder, '--json', ...(all ? ['--all'] : [])]
}

async function inDirectory<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-kill-'))
  try {
    const result = await work(folder)
    await rm(folder, { recursive: true })
    return result
  } catch (error) {
    throw new Error(`${(error as Error).message}\nThe directory is kept: ${folder}`, { cause: error })
  }
}

/** Both sorted. */
function compare(rows: readonly string[], expected: readonly string[]): void {
  const [seen, wanted] = [new Set(rows), new Set(expected)]
  const missing = expected.filter((row) => !seen.has(row))
  const unexpected = rows.filter((row) => !wanted.has(row))
  const twice = rows.filter((row, i) => row === rows[i + 1])
  if (missing.length + unexpected.length + twice.length === 0) return
  throw new Error(
    `rows differ: ${missing.length} missing, ${unexpected.length} not expected, ${twice.length} twice; ` +
      `the first of each: ${[missing[0], unexpected[0], twice[0]].map((row) => row ?? 'none').join(' | ')}`,
  )
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '20' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      all: { type: 'boolean', default: false },
    },
  })
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  await killFlightExample({ kills: Number(values.kills), seed: Number(values.seed), all: values.all, say })
}
