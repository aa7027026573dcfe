import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embeddedLog, type LogClient } from '@millrace/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { contentOf, group, positionAfter, recordsIn, topics } from './content.ts'
import { Witness } from './witness.ts'

let folder: string
let log: LogClient
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-witness-'))
  log = await embeddedLog({ dir: folder })
  await log.admin.createTopics(topics)
})
afterEach(async () => {
  await log.close()
  await rm(folder, { recursive: true })
})

test('the witness is content with whole transactions and records in order', async () => {
  await write('sent', ['0:0', '0:1', '2:0'])
  await move(0, recordsIn(0))
  const witness = new Witness()
  witness.tell(0, { kind: 'sent', partition: 0, first: 0, count: 2, offset: 0 })
  await witness.look(log)
  expect(witness.records).toBe(3 + recordsIn(0).reduce((sum, count) => sum + count))
})

test.each([
  ['a record is missing in between', () => write('sent', ['0:0', '0:2']), 'A2 is violated: offset 1 holds 0:2, expected 0:1'],
  ['a record is there twice', () => write('flushed', ['0:0', '0:0']), 'A2 is violated: offset 1 holds 0:0, expected 0:1'],
  ['a record holds something else', () => write('sent', ['0:0'], 9), 'A2 is violated: offset 0 holds what nobody wrote: 0:0.'],
  ['an older round comes back', () => write('sent', ['1:0', '0:0']), 'A2 is violated: offset 1 holds 0:0, expected 1:1'],
  ['a part of a transaction is missing', () => move(0, recordsIn(0).with(0, 0)), 'A3 is violated: transaction 0:0 has '],
  [
    'the group stands elsewhere',
    () => move(0, recordsIn(0), 7),
    'A3 is violated: the group stands at 0:7, the last transaction is 0:1',
  ],
])('the witness notices when %s', async (_what, fault, message) => {
  await fault()
  await expect(new Witness().look(log)).rejects.toThrow(message)
})

test('the witness notices when what was acknowledged is not there', async () => {
  await write('sent', ['0:0'])
  const witness = new Witness()
  witness.tell(0, { kind: 'sent', partition: 0, first: 0, count: 2, offset: 0 })
  await expect(witness.look(log)).rejects.toThrow('A1 is violated: offset 1 was acknowledged as 0:1 and holds nothing')
})

async function write(topic: string, texts: readonly string[], filledAs?: number): Promise<void> {
  await using producer = await log.producer()
  const batch = producer.batch(topic, 0)
  for (const text of texts) batch.append(null, contentOf(text, filledAs ?? Number(text.split(':')[1])), 0)
  await producer.send(batch)
}

async function move(transaction: number, counts: readonly number[], offset: number = positionAfter(transaction)): Promise<void> {
  await using producer = await log.producer({ transactionalId: 'mover' })
  const all = recordsIn(transaction).join('/')
  const batches = counts.map((count, partition) => {
    const batch = producer.batch('moved', partition)
    for (let i = 0; i < count; i++) batch.append(null, contentOf(`0:${transaction}:${i}:${all}`, transaction), 0)
    return batch
  })
  await producer.transact({ batches, offsets: { group, positions: [{ topic: 'sent', partition: 0, offset, metadata: '0' }] } })
}
