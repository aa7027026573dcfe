/**
 * The log and its server on simulated ports, then what they must not need: a file, a process. For a test that gives this process no
 * permission but to read its code. (With files of its own the log cannot run so: Node has no fsync under the permission model.)
 */
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { encodeRequest, openSimulatedLog, serveInMemory, simWorld } from '@millrace/core/testing'
import { embeddedLog } from '@millrace/core'

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

const world = simWorld({ seed: 1 })
await world.run(async () => {
  const { log } = await openSimulatedLog(world)
  await log.admin.createTopics([{ topic: 't', partitions: 1, config: { 'compression.type': 'lz4' } }])
  const producer = await log.producer()
  producer.append('t', null, 'kept', { partition: 0 })
  await producer.flush()
  await using served = await serveInMemory(log)
  const socket = await served.connect()
  const answer = Promise.withResolvers<Uint8Array>()
  socket.start({ onData: answer.resolve, onDrain: () => {}, onEnd: () => {}, onClose: () => {} })
  socket.write(encodeRequest('metadata', { version: 9, correlationId: 7, clientId: 'x' }, { topics: null }).chunks)
  say(`answered ${Buffer.from(await answer.promise).readInt32BE(4)}`)
  const consumer = await log.consumer()
  await consumer.assign([{ topic: 't', partition: 0, offset: 0 }])
  for (const batch of await consumer.poll()) for (const { value } of batch.toArray()) say(String(value))
  await log.close()
})

const reaches: readonly (() => unknown)[] = [
  () => readFileSync('/etc/hostname'),
  () => writeFileSync(`${process.argv[2]}/file`, ''),
  () => spawn('true'),
  () => embeddedLog({ dir: `${process.argv[2]}/data` }),
]
for (const reach of reaches)
  try {
    await reach()
    say('allowed')
  } catch (error) {
    say(`refused: ${(error as { code?: string }).code}`)
  }
