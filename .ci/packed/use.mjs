// Runs in an empty project that has the packed packages installed: every door loads, and a small topology does real work.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { embeddedLog, int64, string } from '@millrace/core'
import { StreamsApp, StreamsBuilder, days, tumbling, windowed } from '@millrace/streams'
import { map } from '@millrace/streams/rx'

for (const door of ['core/testing', 'streams/testing', 'connectors', 'test']) await import(`@millrace/${door}`)
assert.ok(import.meta.resolve('@millrace/core').endsWith('/node_modules/@millrace/core/dist/index.js'))

const window = tumbling({ size: days(1), grace: 'end-of-input' })
const builder = new StreamsBuilder()
builder
  .stream('words', { key: string, value: string })
  .pipe(map((word) => word.toLowerCase()))
  .selectKey((word) => word)
  .repartition({ name: 'by-word', key: string, value: string })
  .groupByKey()
  .windowedBy(window)
  .count({ store: 'counts' })
  .emitFinal()
  .to('counts', { key: windowed(string, window), value: int64 })

const log = await embeddedLog({ dir: './data/log' })
await log.admin.createTopics([
  { topic: 'words', partitions: 2 },
  { topic: 'counts', partitions: 1 },
])
const producer = await log.producer()
for (let index = 0; index < 300; index++)
  producer.append('words', `k${index}`, index % 3 === 0 ? 'Mill' : 'race', { timestamp: index })
await producer.flush()

const app = new StreamsApp(builder.build(), { applicationId: 'packed', log, stateDir: './data/state', bounded: true })
await app.start()
await app.finished
await app.close()

const consumer = await log.consumer()
await consumer.assign([{ topic: 'counts', partition: 0, offset: 'earliest' }])
const counts = {}
for (const batch of await consumer.poll()) {
  batch.forEach(({ key, value }) => {
    counts[windowed(string, window).read(key).key] = int64.read(value)
  })
}
await log.close()
assert.deepEqual(counts, { mill: 100, race: 200 })

const command = './node_modules/.bin/millrace'
assert.ok(existsSync(command))
const verified = execFileSync(process.execPath, [realpathSync(command), 'verify', '--dir', './data/log'])
assert.match(String(verified), /no damage found/)
