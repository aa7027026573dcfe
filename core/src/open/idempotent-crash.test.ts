import { expect, test } from 'vitest'
import type { Broker } from '../broker/broker.ts'
import { BatchBuilder } from '../record/batch-builder.ts'
import { enumerateCrashes } from '../simulation/enumerate-crashes.ts'
import { openSimulatedLog } from './simulated-log.ts'

const to = { topic: 't', partition: 0 }
const batches = 14
const recordsEach = 2

/** The n-th batch of one idempotent producer, the same bytes each time it is sent. */
function nth(n: number): Uint8Array {
  const builder = new BatchBuilder({ maxBytes: 10_000 })
  for (let index = 0; index < recordsEach; index++) builder.append(null, `${n}:${index}`.padEnd(120), n)
  return builder.build({ producerId: 7, producerEpoch: 0, baseSequence: n * recordsEach, transactional: false })
}

async function offsetOf(broker: Broker, n: number): Promise<number> {
  return (await broker.produce(to, nth(n))).baseOffset
}

test.each<[string, Readonly<Record<string, string>>]>([
  ['', {}],
  [', also where the log gives its own time', { 'message.timestamp.type': 'LogAppendTime' }],
  [', also where the log compresses it', { 'compression.type': 'snappy' }],
])(
  'a batch that is sent again after a crash stands in the log once, at its first offset%s',
  { timeout: 60_000 },
  async (_name, config) => {
    let acknowledged = 0
    let isCreated = false
    const tally = await enumerateCrashes<number>({
      seed: 5,
      imagesPerPoint: 3,
      run: async (world) => {
        const { broker, log } = await openSimulatedLog(world)
        await broker.topics.create([{ topic: 't', partitions: 1, config: { 'segment.bytes': '900', ...config } }])
        isCreated = true
        for (let n = 0; n < batches; n++) {
          expect(await offsetOf(broker, n)).toBe(n * recordsEach)
          acknowledged = n + 1
        }
        await log.close()
      },
      observe: () => (isCreated ? acknowledged : -1),
      check: async (world, { observed }) => {
        if (observed < 0) return
        const { broker, log } = await openSimulatedLog(world)
        if (observed > 0) expect(await offsetOf(broker, observed - 1)).toBe((observed - 1) * recordsEach)
        // This one may have arrived without an answer; the producer cannot know.
        if (observed < batches) expect(await offsetOf(broker, observed)).toBe(observed * recordsEach)
        expect(broker.topics.log(to).highWatermark).toBe(Math.min(observed + 1, batches) * recordsEach)
        await log.close()
      },
    })
    process.stdout.write(`idempotent produce: ${JSON.stringify(tally)}\n`)
    expect(tally.distinct).toBeGreaterThan(200)
  },
)
