import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { peakMemoryMib, startBroker, type BrokerProcess } from '../wire/broker-process.ts'
import { millraceMain } from '../wire/millrace-main.ts'
import { attack, servedBy, type Target } from './attack.ts'
import { Canary, canaryPrefix } from './canary.ts'
import { Exchange } from './exchange.ts'
import { newTally, type Tally } from './hostile-lane.ts'

export interface Fuzzing {
  readonly frames: number
  readonly seed: number
  readonly lanes: number
  readonly dir: string
}

export interface SocketsOutcome extends Tally {
  /** Records that the canary wrote, and that are there after all. */
  readonly canary: number
  /** Null where the system does not tell. */
  readonly memoryMib: number | null
  /** Why connections ended, and how often. */
  readonly reasons: ReadonlyMap<string, number>
}

/** Why a connection may end: the frame was none, or nobody knows how to answer it, or a produce without acknowledgement was refused. */
export const goodReasons: readonly string[] = ['FRAME_INVALID', 'FRAME_TOO_LARGE', 'UNSUPPORTED_VERSION', 'CORRUPT_BATCH']
/** What comes of clients that go away while something is under way. */
const goneAway = ['read ECONNRESET', 'write EPIPE', 'write ECONNRESET']

/** Against `millrace broker` in a process of its own. @throws at the first thing that is not as it has to be */
export async function fuzzSockets({
  frames,
  seed,
  lanes,
  dir,
  memoryMib,
}: Fuzzing & { readonly memoryMib: number }): Promise<SocketsOutcome> {
  const reasons = new Map<string, number>()
  const strange: string[] = []
  const onComplaint = (line: string): void => {
    const reason = [...goodReasons, ...goneAway].find((one) => line.includes(`: ${one}`))
    if (reason === undefined) strange.push(line)
    else reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }
  const config = join(dir, 'server.properties')
  writeFileSync(config, 'log.flush.interval.messages=10000\nauto.create.topics.enable=false\n')
  const data = join(dir, 'data')
  const broker = await startBroker({ dir: data, config, onComplaint })
  try {
    const tally = newTally()
    const canary = await Canary.start(broker.port, `${canaryPrefix}${seed}`)
    const target = await targetOf(broker, strange, () => canary.checkPatience(tally.connections))
    const singing = canary.sing(() => tally.connections)
    await Promise.race([attack({ target, frames, seed, lanes, tally }), singing])
    canary.stop()
    await singing
    const peak = peakMemoryMib(broker)
    if (peak !== null && peak > memoryMib) throw new Error(`the broker has had ${peak} MiB resident, ${memoryMib} are allowed`)
    await stop(broker, strange)
    verify(data)
    return { ...tally, canary: await kept(data, config, canary), memoryMib: peak, reasons }
  } finally {
    broker.child.kill('SIGKILL')
  }
}

async function targetOf(broker: BrokerProcess, strange: readonly string[], look: () => void): Promise<Target> {
  const { port, child } = broker
  const open = (): Promise<Exchange> => Exchange.overSocket(port)
  return {
    open,
    served: await servedBy(open),
    look: () => {
      if (strange.length > 0) throw new Error('the broker complains of something else than frames')
      look()
    },
    state: async () => {
      await new Promise((resolve) => setTimeout(resolve, 200)) // what the broker has to say may be on its way
      const ended = child.exitCode ?? child.signalCode
      return [ended === null ? 'the broker is alive' : `the broker has ended with ${ended}`, ...strange.slice(0, 40)].join('\n')
    },
  }
}

async function stop({ child, ended }: BrokerProcess, strange: readonly string[]): Promise<void> {
  child.kill('SIGTERM')
  const { code, signal } = await ended
  if (code !== 0) throw new Error(`the broker ended with ${signal ?? code}: ${strange.join('\n')}`)
}

function verify(data: string): void {
  const args = ['--conditions=@millrace/source', millraceMain, 'verify', '--dir', data]
  const run = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`verify: ${run.stdout}${run.stderr}`)
}

/** How many notes of the canary a broker that was started again has: all of them. */
async function kept(dir: string, config: string, canary: Canary): Promise<number> {
  const broker = await startBroker({ dir, config })
  try {
    return await canary.expectAll(broker.port)
  } finally {
    await stop(broker, [])
  }
}
