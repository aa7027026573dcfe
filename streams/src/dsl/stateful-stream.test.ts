/** What a caller without types can do wrong with joins and durable operators: a typed error at the call that is wrong. */
import { describe, expect, test } from 'vitest'
import { string } from '@millrace/core'
import { millis } from '../time/duration.ts'
import { tumbling } from '../time/windows.ts'
import { StreamsBuilder } from './streams-builder.ts'

// The untyped caller: methods that take anything.
type Untyped = Readonly<Record<string, (...args: readonly unknown[]) => never>>
const untyped = (typed: object): Untyped => typed as never

const text = { key: string, value: string }
const time = millis(10)
const join = { name: 'j', within: time, grace: time, key: string, left: string, right: string, join: () => 'x' }
const windows = tumbling({ size: time, grace: time })

function joined(method: string, options: unknown): unknown {
  const builder = new StreamsBuilder()
  return untyped(builder.stream('left', text))[method]!(builder.stream('right', text), options)
}

function durable(method: string, ...args: readonly unknown[]): unknown {
  return untyped(new StreamsBuilder().stream('in', text))[method]!(...args)
}

describe.each(['joinStream', 'leftJoinStream', 'outerJoinStream'])('%s', (method) => {
  test.each<readonly [string, unknown, string]>([
    ['without options', undefined, 'INVALID_STREAM_OPTION'],
    ['with an unknown option', { ...join, store: 's' }, 'INVALID_STREAM_OPTION'],
    ['without a name', { ...join, name: undefined }, 'TOPOLOGY_NAME_MISSING'],
    ['with a name that is none', { ...join, name: 'a/b' }, 'TOPOLOGY_NAME_INVALID'],
    ['without a serde', { ...join, right: undefined }, 'INVALID_STREAM_OPTION'],
    ['with a serde that only writes', { ...join, key: { write: () => '' } }, 'INVALID_STREAM_OPTION'],
    ['without a joiner', { ...join, join: undefined }, 'INVALID_STREAM_OPTION'],
    ['without a time', { ...join, within: undefined }, 'WINDOW_INVALID'],
    ['with a negative time', { ...join, within: -1 }, 'WINDOW_INVALID'],
    ['with a negative time before', { ...join, within: { before: -1, after: time } }, 'WINDOW_INVALID'],
    ['with one time only', { ...join, within: { before: time } }, 'WINDOW_INVALID'],
    ['with times that are too large', { ...join, within: Number.MAX_SAFE_INTEGER }, 'WINDOW_INVALID'],
    ['without a grace', { ...join, grace: undefined }, 'WINDOW_INVALID'],
    ['with a negative grace', { ...join, grace: -1 }, 'WINDOW_INVALID'],
  ])('%s is refused', (_name, options, code) => {
    expect(() => joined(method, options)).toThrow(expect.objectContaining({ code, fault: 'caller' }))
  })

  test('a stream of another builder, and what is no stream, are refused', () => {
    const left = untyped(new StreamsBuilder().stream('left', text))
    for (const other of [new StreamsBuilder().stream('right', text), undefined, {}]) {
      expect(() => left[method]!(other, join)).toThrow('TOPOLOGY_INVALID: the other side was not made by the same StreamsBuilder')
    }
  })

  test('a changed key on either side is refused', () => {
    const builder = new StreamsBuilder()
    const [left, right] = [builder.stream('left', text), builder.stream('right', text)]
    const rekeyed = left.selectKey((value) => value)
    expect(() => untyped(rekeyed)[method]!(right, join)).toThrow('TOPOLOGY_INVALID: the key was changed')
    expect(() => untyped(right)[method]!(rekeyed, { ...join, name: 'other' })).toThrow('TOPOLOGY_INVALID: the key was changed')
  })

  test('its stores share one set of names with all others', () => {
    const builder = new StreamsBuilder()
    const left = builder.stream('left', text)
    left.groupByKey().count({ store: 'j-right' })
    expect(() => untyped(left)[method]!(left, join)).toThrow('TOPOLOGY_NAME_TAKEN: the store has the name of another (j-right)')
  })
})

const value = string
test.each<readonly [string, readonly unknown[], string]>([
  ['scan', [{ store: 's', value }], 'INVALID_STREAM_OPTION'],
  ['scan', [{ value, initial: () => '', add: () => '' }], 'TOPOLOGY_NAME_MISSING'],
  ['distinct', [{ store: 's' }], 'INVALID_STREAM_OPTION'],
  ['distinct', [{ store: 's', value, by: 1 }], 'INVALID_STREAM_OPTION'],
  ['distinctUntilChanged', [{ store: 's' }], 'INVALID_STREAM_OPTION'],
  ['pairwise', [{ value }], 'TOPOLOGY_NAME_MISSING'],
  ['pairwise', [], 'INVALID_STREAM_OPTION'],
  ['bufferCount', [{ store: 's', value, count: 0 }], 'INVALID_STREAM_OPTION'],
  ['take', [3], 'INVALID_STREAM_OPTION'],
  ['take', [{ store: 's', count: -1 }], 'INVALID_STREAM_OPTION'],
  ['skip', [{ store: 's' }], 'INVALID_STREAM_OPTION'],
  ['debounceTime', [{ store: 's', value, time: 0 }], 'WINDOW_INVALID'],
  ['debounceTime', [{ store: 's', time }], 'INVALID_STREAM_OPTION'],
  ['throttleTime', [{ store: 's', time: -1 }], 'WINDOW_INVALID'],
  ['delay', [{ store: 's', value }], 'WINDOW_INVALID'],
  ['delay', [{ value, time }], 'TOPOLOGY_NAME_MISSING'],
  ['timeout', [{ store: 's', value, time }], 'INVALID_STREAM_OPTION'],
  ['deduplicate', [{ store: 's' }], 'WINDOW_INVALID'],
  ['deduplicate', [{ store: 's', within: time, by: () => 1 }], 'INVALID_STREAM_OPTION'],
  ['windowed', [windows, { store: 's', value }], 'INVALID_STREAM_OPTION'],
  ['windowed', [windows, { store: 's', value, maxRecords: 0 }, () => []], 'INVALID_STREAM_OPTION'],
  ['windowed', [{}, { store: 's', value }, () => []], 'WINDOW_INVALID'],
  ['windowed', [windows, { value }, () => []], 'TOPOLOGY_NAME_MISSING'],
])('%s with %j is %s', (method, args, code) => {
  expect(() => durable(method, ...args)).toThrow(expect.objectContaining({ code, fault: 'caller' }))
})

const compare = (): number => 0

test.each([
  [{ n: 3, value, compare }, 'TOPOLOGY_NAME_MISSING'],
  [{ store: 's', n: 0, value, compare }, 'INVALID_STREAM_OPTION'],
  [{ store: 's', n: 3, value }, 'INVALID_STREAM_OPTION'],
  [{ store: 's', n: 3, compare }, 'INVALID_STREAM_OPTION'],
])('topN with %j is %s', (options, code) => {
  const grouped = new StreamsBuilder().stream('in', text).groupByKey()
  expect(() => untyped(grouped)['topN']!(options)).toThrow(expect.objectContaining({ code }))
})

test('a changed key has no durable operators at run time either', () => {
  const rekeyed = new StreamsBuilder().stream('in', text).selectKey((one) => one)
  expect(() => untyped(rekeyed)['take']!({ store: 's', count: 1 })).toThrow('TOPOLOGY_INVALID: the key was changed')
})

test('a description shows the stores of a join', () => {
  const builder = new StreamsBuilder()
  const [left, right] = [builder.stream('left', text), builder.stream('right', text)]
  left.outerJoinStream(right, join).take({ store: 'first', count: 1 }).to('out', text)
  expect(builder.build().describe())
    .toContain(`    Processor: join-streams-1 (stores: [j-left, j-right, j-left-open, j-right-open])
      --> take-1
      <-- source-1, source-2
`)
})
