import { expect, test } from 'vitest'
import { crashImage, crashModes } from './crash-image.ts'
import { enumerateCrashes } from './enumerate-crashes.ts'
import { SimRandom } from './sim-random.ts'
import { SimScheduler } from './sim-scheduler.ts'
import { simWorld, type SimWorld } from './sim-world.ts'

/**
 * Budget (DESIGN, "Ports"): 5,000 crash images a second and core, the log's own recovery included. What is measured here is the
 * simulator's part of those 200 µs: making an image, its fingerprint, a world on it, and reading a journal of 64 KiB.
 */
const journalBytes = 64 * 1024
const stepsAtOnce = 10_000

/** A disk like that of a log in use: two journals, six partitions of five files, a few writes and names pending. */
async function usedDisk(): Promise<SimWorld> {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    world.disk.makeFolder('/data')
    world.disk.syncFolder('/')
    await writeFile(world, '/data/journal-0', journalBytes)
    await writeFile(world, '/data/journal-1', journalBytes)
    for (let partition = 0; partition < 6; partition++) await makePartition(world, `/data/orders-${partition}`)
    world.disk.syncFolder('/data')
    await leavePending(world)
  })
  return world
}

async function makePartition(world: SimWorld, folder: string): Promise<void> {
  world.disk.makeFolder(folder)
  for (const name of ['log', 'index', 'timeindex', 'txnindex', 'snapshot']) await writeFile(world, `${folder}/${name}`, 800)
  world.disk.syncFolder(folder)
}

async function writeFile({ disk, random }: SimWorld, path: string, sizeBytes: number): Promise<void> {
  const file = disk.create(path)
  await file.write([random.bytes(sizeBytes)], 0)
  await file.dataSync()
  file.close()
}

async function leavePending({ disk, random }: SimWorld): Promise<void> {
  for (const path of ['/data/journal-0', '/data/orders-0/log', '/data/orders-1/log']) {
    const file = disk.open(path)
    await file.write([random.bytes(900)], 700)
    file.close()
  }
  disk.create('/data/orders-0/new').close()
  disk.rename('/data/orders-1/index', '/data/orders-1/index.old')
}

test('steps', async ({ bench }) => {
  const record = new Uint8Array(600).fill(1)
  await bench.compare(
    bench(`${stepsAtOnce} completions of a bare scheduler`, async () => {
      const scheduler = new SimScheduler()
      await scheduler.run(async () => {
        for (let step = 0; step < stepsAtOnce; step++) await new Promise<void>((resolve) => scheduler.post(resolve))
      })
    }),
    bench(`${stepsAtOnce} writes and syncs of a journal`, async () => {
      const { disk, run } = simWorld({ seed: 1 })
      await run(async () => {
        const file = disk.create('/journal')
        for (let step = 0; step < stepsAtOnce; step += 2) {
          await file.write([record], (step * 300) % journalBytes)
          await file.dataSync()
        }
      })
    }),
    { time: 300 },
  )
})

test('one crash image', async ({ bench }) => {
  const snapshot = (await usedDisk()).disk.snapshot()
  let seed = 0
  const images = crashModes.map((mode) =>
    bench(`made and fingerprinted, ${mode}`, () => {
      seed += 1
      crashImage(snapshot, mode, new SimRandom(seed)).fingerprint()
    }),
  )
  const into = new Uint8Array(journalBytes)
  const found = bench('made, and its journal read in a world of its own, any', async () => {
    seed += 1
    const { disk, run } = simWorld({ seed, disk: crashImage(snapshot, 'any', new SimRandom(seed)) })
    await run(async () => {
      const file = disk.open('/data/journal-0')
      await file.read(into, 0)
      file.close()
    })
  })
  await bench.compare(...images, found, { time: 300 })
})

test('an enumeration', async ({ bench }) => {
  const record = new Uint8Array(600).fill(1)
  const into = new Uint8Array(journalBytes)
  let images = 0
  const whole = bench('a journal of 30 rounds, crashed at every step', async () => {
    const tally = await enumerateCrashes({
      seed: 1,
      async run({ disk }) {
        const file = disk.create('/journal')
        disk.syncFolder('/')
        await file.write([new Uint8Array(journalBytes)], 0)
        for (let round = 0; round < 30; round++) {
          await file.write([record], round * record.length)
          await file.dataSync()
        }
      },
      async check({ disk }) {
        if (disk.stat('/journal') === null) return
        const file = disk.open('/journal')
        await file.read(into, 0)
        file.close()
      },
    })
    images = tally.images
  })
  const { latency } = await whole.run({ time: 500 })
  expect(images).toBeGreaterThan(500)
  // oxlint-disable-next-line no-console -- the figure that the budget is about
  console.info(`${images} images at ${((latency.mean * 1000) / images).toFixed(1)} µs each, one core`)
})
