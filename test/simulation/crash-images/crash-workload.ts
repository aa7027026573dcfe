import {
  crashModes,
  enumerateCrashes,
  openSimulatedLog,
  simWorld,
  type CrashInfo,
  type CrashMode,
  type CrashSite,
  type CrashTally,
  type DiskFault,
  type DiskImage,
  type SimWorld,
} from '@millrace/core/testing'
import { compareDamaged } from './damaged-log.ts'
import { checkLog } from './check-log.ts'
import { geometry, LogDriver } from './log-driver.ts'
import { LogHistory, type Promised } from './log-history.ts'
import type { Submission } from './log-model.ts'
import { readLog } from './read-log.ts'
import { nameOf, type Operation, type Workload } from './workloads.ts'

/** A log that has lived before. */
export interface Base {
  readonly disk: DiskImage
  readonly submissions: readonly Submission[]
  readonly timeMs: number
}

const seed = 1
const before: readonly Operation[] = ['append', 'transact', 'roll', 'append', 'abort', 'checkpoint', 'append', 'commit']

/** What every workload begins with: segments, indexes, aborted transactions, a compacted topic with something to compact. */
export async function makeBase(how: Workload['base']): Promise<Base> {
  const world = simWorld({ seed })
  const history = new LogHistory()
  await world.run(async () => {
    const driver = await LogDriver.open(world, 'sync', history)
    await driver.begin()
    for (const operation of before) await driver.take(operation)
    if (how === 'closed') await driver.log.broker.close()
  })
  return { disk: world.disk.image('kill9', 'most'), submissions: history.submissions, timeMs: world.clock.now() }
}

export interface CrashShare {
  readonly modes?: readonly CrashMode[]
  readonly imagesPerPoint: number
  /** The first step of the last operation that is crashed, from 1, and every how many-th. */
  readonly from?: number
  readonly every?: number
  /** One in how many images is gone on with, and one in how many is crashed again while it recovers. */
  readonly goOnEvery: number
  readonly crashAgainEvery: number
  readonly seen: Set<string>
  /** Of the same workload, in other modes. */
  readonly checked?: Set<string>
  /** A disk that says that it has synced and has not, during the whole life. */
  readonly lyingSyncs?: boolean
  readonly only?: readonly CrashSite[]
}

const lies: readonly DiskFault[] = [
  { operation: 'dataSync', error: 'unsynced', times: 'forever' },
  { operation: 'syncFolder', error: 'unsynced', times: 'forever' },
]

/** Crashes the last operation of a workload at each of its steps; what comes before was another workload's last. */
export async function crashWorkload(workload: Workload, base: Base, share: CrashShare): Promise<CrashTally> {
  return new CrashedWorkload(workload, base, share).run()
}

const goOn: readonly Operation[] = ['append', 'commit', 'transact', 'checkpoint']

class CrashedWorkload {
  readonly #workload: Workload
  readonly #base: Base
  readonly #share: CrashShare
  #driver: LogDriver | null = null
  #isLast = false
  /** What the life after the first crash has shown and done, while it is crashed in its turn. */
  #second: LogDriver | null = null
  #before: Promised | null = null

  constructor(workload: Workload, base: Base, share: CrashShare) {
    this.#workload = workload
    this.#base = base
    this.#share = share
  }

  run(): Promise<CrashTally> {
    const { goOnEvery: _, crashAgainEvery, lyingSyncs, ...share } = this.#share
    const { disk, timeMs } = this.#base
    return enumerateCrashes<Promised>({
      ...share,
      seed,
      world: { disk, startTimeMs: timeMs, faults: lyingSyncs === true ? lies : [] },
      run: (world) => this.#live(world),
      crashHere: () => this.#isLast,
      observe: () => this.#driver?.promised() ?? this.#nothing(),
      check: (world, crash) => (lyingSyncs === true ? this.#recoverFromLies(world) : this.#recover(world, crash)),
      ...(lyingSyncs !== true && {
        recovery: { every: crashAgainEvery, modes: crashModes, observe: () => this.#second?.promised() ?? this.#before! },
      }),
    })
  }

  #nothing(): Promised {
    const count = this.#base.submissions.length
    return { acknowledged: count, durable: count, done: 0, starts: {}, ends: {} }
  }

  async #live(world: SimWorld): Promise<void> {
    const { durability, operations } = this.#workload
    this.#isLast = operations.length === 0
    const driver = await LogDriver.open(world, durability, new LogHistory(this.#base.submissions))
    this.#driver = driver
    for (const [index, operation] of operations.entries()) {
      this.#isLast = index === operations.length - 1
      await driver.take(operation)
      if (driver.failures.length > 0) throw new Error(`${nameOf(this.#workload)} failed by itself: ${driver.failures.join()}`)
    }
  }

  async #recover(world: SimWorld, { observed, crashes }: CrashInfo<Promised>): Promise<void> {
    const { durability } = this.#workload
    const isSecond = crashes.length === 2 && this.#second !== null
    const history = isSecond ? this.#second!.history : this.#driver!.history
    if (crashes.length === 1) {
      this.#second = null
      this.#before = observed
    }
    const log = await openSimulatedLog(world, durability, geometry)
    const isKill = crashes.every(({ mode }) => mode === 'kill9')
    const demand = {
      atLeast: durability === 'sync' || isKill ? observed.acknowledged : observed.durable,
      promised: observed,
      seenStays: durability === 'sync' || isKill,
    }
    const found = await readLog(log)
    const { k } = checkLog(found, history, demand)
    const next = new LogHistory(history.submissions.slice(0, k), history.compacts)
    next.durable = durability === 'sync' ? k : Math.min(k, observed.durable)
    const driver = new LogDriver(world, durability, log, next)
    if (crashes.length === 1) this.#second = driver
    if (isChosen(crashes, this.#share.goOnEvery)) await this.#goOn(driver)
  }

  /** Nothing that was acknowledged is promised any more; but what is given back is one state of the log, or an error says where. */
  async #recoverFromLies(world: SimWorld): Promise<void> {
    await compareDamaged(world, this.#workload.durability, this.#driver!.history)
  }

  async #goOn(driver: LogDriver): Promise<void> {
    for (const operation of goOn) await driver.take(operation)
    const { history } = driver
    checkLog(await readLog(driver.log), history, {
      atLeast: history.submissions.length,
      promised: driver.promised(),
      seenStays: true,
    })
    await driver.take('reopen')
    checkLog(await readLog(driver.log), history, {
      atLeast: history.submissions.length,
      promised: driver.promised(),
      seenStays: true,
    })
  }
}

/** By the place of the crash, so that a replay does the same. */
function isChosen(crashes: readonly CrashSite[], every: number): boolean {
  const sum = crashes.reduce((all, { step, mode, choice }) => all * 31 + step * 24 + choice * 3 + crashModes.indexOf(mode), 7)
  return sum % every === 0
}
