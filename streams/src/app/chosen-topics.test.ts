/** Topics and partitions that are chosen for each record, in a running application. */
import { expect, test } from 'vitest'
import { nullable, string } from '@millrace/core'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { inWorld } from './app-world.fixtures.ts'

const text = { key: string, value: string }
const rows = [
  ['a', 'one'],
  ['b', 'two'],
  ['c', 'one'],
] as const

test('records go to the topics that were chosen for them', async () => {
  await inWorld(async (world) => {
    await world.topics(['in', 'one', 'two'])
    await world.put('in', rows)
    await world.run((builder) => builder.stream('in', text).to((value) => value, text))
    expect(await world.rows('one')).toEqual(['a=one', 'c=one'])
    expect(await world.rows('two')).toEqual(['b=two'])
  })
})

test('a topic that is not there is a failure of the record; its name in `topics` is one of the start', async () => {
  await inWorld(async (world) => {
    await world.topics(['in', 'one'])
    await world.put('in', rows)
    const build = (builder: StreamsBuilder): void => builder.stream('in', text).to((value) => value, text)
    const app = await world.run(build, { onError: 'skip' })
    expect(app.dropped).toEqual({ failed: 1 })
    expect(await world.rows('one')).toEqual(['a=one', 'c=one'])
    const named = world.app((builder) => builder.stream('in', text).to((value) => value, { ...text, topics: ['one', 'two'] }))
    await expect(named.start()).rejects.toThrow(/SINK_TOPIC_MISSING.*two, route-1/s)
  })
})

test('the own topics of the application cannot be chosen', async () => {
  await inWorld(async (world) => {
    await world.topics(['in', 'one'])
    await world.put('in', [['a', 'app-counts-changelog']])
    await using app = world.app((builder) => {
      const input = builder.stream('in', text)
      input.groupByKey().count({ store: 'counts' })
      input.to((value) => value, text)
    })
    await app.start()
    await expect(app.finished).rejects.toThrow(/RECORD_INVALID.*app-counts-changelog/s)
  })
})

test('a partitioner puts records into one partition, several, none, or where their key lies', async () => {
  await inWorld(async (world) => {
    await world.topics(['in'])
    await world.topics(['out', 'plain'], 3)
    await world.put('in', [
      ['a', 'second'],
      ['b', 'all'],
      ['c', 'none'],
      ['d', 'key'],
      [null, 'second'],
    ])
    const places: Readonly<Record<string, readonly number[]>> = { second: [1], all: [0, 1, 2], none: [] }
    const app = await world.run((builder) => {
      const input = builder.stream('in', { key: nullable(string), value: string })
      input.to('out', { key: nullable(string), value: string, partition: (value) => places[value] })
      input.filter((value) => value === 'key').to('plain', { key: nullable(string), value: string })
    })
    const placed = async (topic: string): Promise<string[]> => {
      const found: string[] = []
      await using consumer = await world.log.consumer()
      await consumer.assign([0, 1, 2].map((partition) => ({ topic, partition, offset: 'earliest' as const })))
      for (let batches = await consumer.poll(); batches.length > 0; batches = await consumer.poll()) {
        for (const batch of batches)
          batch.forEach(({ value }) => found.push(`${batch.partition} ${Buffer.from(value!).toString()}`))
      }
      return found.toSorted()
    }
    const [key] = await placed('plain')
    expect(await placed('out')).toEqual(['0 all', '1 all', '1 second', '1 second', '2 all', key!].toSorted())
    expect(app.dropped).toEqual({ 'no-partition': 1 })
  })
})
