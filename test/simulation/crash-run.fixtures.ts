import { expect } from 'vitest'
import { MillraceError, type LogClient, type World } from '@millrace/core'
import { openSimulatedLog, simWorld, type DiskImage, type LogGeometry } from '@millrace/core/testing'
import { StreamsApp } from '@millrace/streams'
import { storedRows, type SimStoreEngines } from '@millrace/streams/testing'
import { checkReplay, checkTotals, type Rows } from './crash-replay.fixtures.ts'
import { applicationId, crashTopology, fillInput } from './crash-topology.fixtures.ts'

/** As small as a commit of four tasks allows: the journal turns several times in a run. */
const geometry: LogGeometry = {
  journal: { fileBytes: 24 * 1024, blockBytes: 512 },
  roundBytes: 4096,
  maxFrameBytes: 6 * 1024,
  writeBehindBytes: 700,
  tailBytes: 1500,
  openSegments: { openFiles: 3, indexBytes: 200 },
  internalSegmentBytes: 2000,
}

export type Durability = 'sync' | 'os'

const stateDir = '/state'

/** A disk that holds the input and nothing else. */
export async function filledDisk(): Promise<DiskImage> {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const { log } = await openSimulatedLog(world, 'sync', geometry)
    await fillInput(log)
    await log.close()
  })
  return world.disk.image('kill9', 'most')
}

export interface Life {
  readonly world: World
  readonly engines: SimStoreEngines
  readonly durability: Durability
}

/** The first life: the application from its start to its end, with many commits on the way. */
export async function live(life: Life): Promise<void> {
  await withLog(life, (log) => runToEnd(life, log))
}

/**
 * A life after a crash: checks what the log holds, goes on to the end, and checks log and stores.
 * `mayRefuse`: the code of an error after which the application is started again by hand.
 */
export async function liveAfterCrash(life: Life, mayRefuse: string | null = null): Promise<void> {
  await withLog(life, async (log) => {
    await checkReplay(log)
    await runToEnd(life, log).catch((error: unknown) => {
      if (!(error instanceof MillraceError) || error.code !== mayRefuse) throw error
      return runToEnd(life, log)
    })
    await checkEnded(life, log)
  })
}

async function withLog({ world, durability }: Life, work: (log: LogClient) => Promise<void>): Promise<void> {
  const { log } = await openSimulatedLog(world, durability, geometry)
  try {
    await work(log)
  } catch (error) {
    await log.close().catch(() => {
      // What failed first is what counts.
    })
    throw error
  }
  await log.close()
}

async function runToEnd({ world, engines }: Life, log: LogClient): Promise<void> {
  const options = {
    applicationId,
    log,
    stateDir,
    bounded: true,
    commitIntervalMs: 1,
    maxUncommittedBytes: 200,
    storeEngines: engines,
    world,
  }
  await using app = new StreamsApp(crashTopology(), options)
  await app.start()
  await app.finished
}

/** The log and the stores, at the end. */
async function checkEnded({ world, engines }: Life, log: LogClient): Promise<void> {
  const { complete, stores } = await checkReplay(log)
  expect(complete, 'everything is processed').toBe(true)
  await checkTotals(log)
  const topology = crashTopology()
  for (const [task, expected] of Object.entries(stores)) {
    const found = await storedRows({ topology, applicationId, stateDir, engines, world, task })
    for (const [store, rows] of Object.entries(expected)) {
      const stored = found.get(store)!.rows.map(({ key, start, value, timestamp }): [string, Rows[string]] => {
        return [start < 0 ? String(key) : `${String(key)}@${start}`, { value, timestamp }]
      })
      expect(Object.fromEntries(stored), `store ${store} of task ${task}`).toEqual(rows)
    }
  }
}
