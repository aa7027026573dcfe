import { expect, test } from 'vitest'
import { valuesIn, withServed, type Served } from '../with-served.ts'
import { consumed, kcat } from './kcat.ts'

/** Of the group `g`, from where it was. */
const grouped = (served: Served): Promise<string[]> =>
  // A balanced consumer takes the topics behind the options.
  consumed(served, '-G g -X auto.offset.reset=earliest t', '%p:%o:%s')

test('-G reads in a group, commits, and goes on there', () =>
  withServed(async (served) => {
    const { log } = served
    await kcat(served, '-P -t t -p 0', 'a\nb\n')
    await kcat(served, '-P -t t -p 1', 'c\n')
    expect((await grouped(served)).toSorted()).toEqual(['0:0:a', '0:1:b', '1:0:c'])
    await kcat(served, '-P -t t -p 1', 'd\n')
    expect(await grouped(served)).toEqual(['1:1:d'])
    expect((await log.admin.groupOffsets('g')).toSorted((a, b) => a.partition - b.partition)).toMatchObject([
      { topic: 't', partition: 0, offset: 2 },
      { topic: 't', partition: 1, offset: 2 },
    ])
  }))

test('-o stored begins where its group is', () =>
  withServed(async (served) => {
    await kcat(served, '-P -t t -p 0', 'a\nb\n')
    await grouped(served)
    await kcat(served, '-P -t t -p 0', 'c\n')
    expect(await consumed(served, '-C -t t -p 0 -o stored -X group.id=g', '%s')).toEqual(['c'])
  }))

test.for(['range', 'roundrobin', 'cooperative-sticky'])(
  '-G with the assignor %s, one after another and two at once',
  (assignor) =>
    withServed(async (served) => {
      await kcat(served, '-P -t t -p 0', 'a\nb\n')
      await kcat(served, '-P -t t -p 1', 'c\nd\n')
      const member = (count: number): Promise<string[]> =>
        consumed(served, `-G g -c ${count} -X auto.offset.reset=earliest -X partition.assignment.strategy=${assignor} t`, '%p:%s')
      const seen = new Set([...(await member(2)), ...(await Promise.all([member(2), member(2)])).flat()])
      expect([...seen].toSorted()).toEqual(['0:a', '0:b', '1:c', '1:d'])
    }),
)

test('its idempotent producer', () =>
  withServed(async (served) => {
    await served.log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const values = Array.from({ length: 1_000 }, (_, n) => String(n))
    await kcat(served, '-P -t t -X enable.idempotence=true -X batch.num.messages=10', `${values.join('\n')}\n`)
    expect(await valuesIn(served.log, 't')).toEqual(values)
  }))

test('its transactional producer: one transaction of what it reads', () =>
  withServed(async (served) => {
    const { log } = served
    await kcat(served, '-P -t t -p 0 -X transactional.id=x', 'a\nb\n')
    await kcat(served, '-P -t t -p 0 -X transactional.id=x', 'c\n')
    expect(await valuesIn(log, 't')).toEqual(['a', 'b', 'c'])
    // Each of the two has a marker behind it.
    expect(await consumed(served, '-C -t t -p 0', '%o')).toEqual(['0', '1', '3'])
    expect(await log.admin.listTransactions()).toMatchObject([{ transactionalId: 'x', state: 'CompleteCommit' }])
  }))

test('reads what is committed only, and all with isolation.level=read_uncommitted', () =>
  withServed(async (served) => {
    const { log } = served
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await using producer = await log.producer({ transactionalId: 'x' })
    for (const [value, how] of [
      ['lost', 'abort'],
      ['kept', 'commit'],
      ['open', null],
    ] as const) {
      const transaction = await producer.begin()
      const batch = producer.batch('t', 0)
      batch.append(null, value, 0)
      await transaction.send(batch)
      if (how !== null) await transaction[how]()
    }
    expect(await consumed(served, '-C -t t', '%s')).toEqual(['kept'])
    expect(await consumed(served, '-C -t t -X isolation.level=read_uncommitted', '%s')).toEqual(['lost', 'kept', 'open'])
    await log.admin.abortTransaction('x')
  }))
