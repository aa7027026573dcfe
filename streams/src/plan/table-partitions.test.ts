import { expect, test } from 'vitest'
import { json, string } from '@millrace/core'
import { twoTables, type Sides } from '../testing/memory-tables.ts'
import { layOut } from './lay-out.ts'

type Build = (sides: Sides<string, string>) => void

const serdes = { key: string, value: json<string>() }
const pair = (a: unknown, b: unknown): unknown => [a, b]

/** The partitions of the topics that the application makes, by name without the application's. */
function madeFor(build: Build, counts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const { plan } = twoTables(build, { partitions: counts })
  const { internalTopics } = layOut(plan, new Map(Object.entries(counts)))
  return Object.fromEntries(internalTopics.map(({ topic, partitions }) => [topic.replace('memory-', ''), partitions]))
}

test('both sides of a join need as many partitions; the error names both topics', () => {
  const build: Build = ({ left, right }) => void left.join(right, pair)
  expect(() => madeFor(build, { left: 2, right: 3 })).toThrow('PARTITIONS_DIFFER: topics of one operator differ in partitions')
  expect(() => madeFor(build, { left: 2, right: 3 })).toThrow('received left 2, right 3')
  expect(madeFor(build, { left: 3, right: 3 })).toEqual({ 'left-changelog': 3, 'right-changelog': 3 })
})

test('so do a stream and its table', () => {
  const build: Build = ({ builder, right }) => void builder.stream('in', serdes).join(right, pair)
  expect(() => madeFor(build, { left: 1, right: 3, in: 2 })).toThrow('received in 2, right 3')
})

test('both sides of a foreign-key join may differ; its topics follow the side that reads them', () => {
  const build: Build = ({ left, right }) => void left.joinForeign(right, { name: 'fk', on: (value) => value, join: pair })
  expect(madeFor(build, { left: 2, right: 5 })).toMatchObject({
    'fk-subscriptions-repartition': 5,
    'fk-subscribers-changelog': 5,
    'fk-answers-repartition': 2,
  })
})

test('a repartition topic takes the count of the table that it meets, more or fewer than before it', () => {
  const build: Build = ({ builder, right }) => {
    const rekeyed = builder.stream('in', serdes).selectKey((value) => value)
    rekeyed.repartition({ name: 'by-value', ...serdes }).join(right, pair)
  }
  for (const [before, right] of [
    [4, 2],
    [2, 4],
  ] as const)
    expect(madeFor(build, { left: 1, in: before, right })).toMatchObject({ 'by-value-repartition': right })
})

test('two repartition topics that meet take the count of the greater side', () => {
  const build: Build = ({ builder }) => {
    const by = (topic: string) =>
      builder
        .stream(topic, serdes)
        .selectKey((value) => value)
        .repartition({ name: `by-${topic}`, ...serdes })
    by('a').join(by('b').toTable({ store: 'rows', value: json<string>() }), pair)
  }
  expect(madeFor(build, { left: 1, right: 1, a: 2, b: 5 })).toMatchObject({ 'by-a-repartition': 5, 'by-b-repartition': 5 })
})
