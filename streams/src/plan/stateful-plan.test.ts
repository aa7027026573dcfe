import { expect, test } from 'vitest'
import { int64, json, string } from '@millrace/core'
import { memoryStream } from '../testing/memory-stream.ts'
import { millis } from '../time/duration.ts'
import { manifestOf } from './manifest.ts'

const text = json<string>()
const time = millis(10)

test('plan and manifest show the stores of a join, and that both sides need equal partitions', () => {
  const { plan } = memoryStream<string>((input, builder) => {
    const join = { name: 'j', within: time, grace: time, key: string, left: text, right: string, join: () => 'x' }
    const joined = input.outerJoinStream(builder.stream('right', { key: string, value: string }), join)
    joined.take({ store: 'first', count: 1 }).to('out', { key: string, value: string })
  }).app
  expect(plan.subTopologies[0]!.streamTimes).toEqual(['j-left', 'j-left-open', 'j-right'])
  expect(plan.subTopologies[0]!.together).toContainEqual({ node: 'join-streams-1', store: 'j-left', topics: ['in', 'right'] })
  expect(plan.internalTopics.map(({ topic }) => topic)).toContain('memory-j-right-open-changelog')
  const rows = (name: string, value: string) => ({
    name,
    kind: 'timeRows',
    changelog: `memory-${name}-changelog`,
    key: 'string',
    value: `timedValues(${value})`,
    stretchMs: 10,
  })
  expect(manifestOf(plan).subTopologies[0]!.stores).toEqual([
    rows('j-left', 'json'),
    rows('j-right', 'string'),
    rows('j-left-open', 'json'),
    rows('j-right-open', 'string'),
    { name: 'first', kind: 'keyValue', changelog: 'memory-first-changelog', key: 'string', value: int64.name },
  ])
})
