import { expect, test } from 'vitest'
import type { MillraceError } from '../base/errors.ts'
import { simWorld } from '../simulation/sim-world.ts'
import { openSimulatedLog } from './simulated-log.ts'

test('a full disk refuses appends once the journal is full, reads go on, and appends too when there is room', async () => {
  const world = simWorld({ seed: 1, capacityBytes: 24_000 })
  await world.run(async () => {
    const { log } = await openSimulatedLog(world)
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const producer = await log.producer()
    const acknowledged: string[] = []
    const refused: MillraceError[] = []
    for (let index = 0; refused.length === 0 && index < 500; index++) {
      const value = `${index}`.padStart(200, '0')
      producer.append('t', null, value)
      await producer.flush().then(
        () => acknowledged.push(value),
        (error: unknown) => {
          refused.push(error as MillraceError)
        },
      )
    }
    expect(refused[0]).toMatchObject({ code: 'DISK_FULL', outcome: 'retriable' })

    const consumer = await log.consumer()
    await consumer.assign([{ topic: 't', partition: 0, offset: 0 }])
    expect(await drain(consumer)).toEqual(acknowledged)

    world.disk.capacityBytes = 10_000_000
    await new Promise<void>((resolve) => void world.clock.after(1000, resolve))
    producer.append('t', null, 'room again')
    await producer.flush()
    expect(await drain(consumer)).toEqual(['room again'])
    await log.close()
  })
})

async function drain(
  consumer: Awaited<ReturnType<Awaited<ReturnType<typeof openSimulatedLog>>['log']['consumer']>>,
): Promise<string[]> {
  const values: string[] = []
  for (let batches = await consumer.poll(); batches.length > 0; batches = await consumer.poll()) {
    for (const batch of batches) values.push(...batch.toArray().map(({ value }) => String(value)))
  }
  return values
}
