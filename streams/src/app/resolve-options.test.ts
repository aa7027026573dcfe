import { describe, expect, test } from 'vitest'
import { string } from '@millrace/core'
import type { Topology } from '../graph/topology.ts'
import { inWorld, topologyOf } from './app-world.fixtures.ts'
import { StreamsApp } from './streams-app.ts'
import type { StreamsOptions } from './streams-options.ts'

const counting = topologyOf((builder) => {
  builder.stream('in', { key: string, value: string }).groupByKey().count({ store: 'counts' })
})
const stateless = topologyOf((builder) => {
  builder.stream('in', { key: string, value: string }).to('out', { key: string, value: string })
})

function refusal(topology: unknown, options: unknown): unknown {
  try {
    void new StreamsApp(topology as Topology, options as StreamsOptions)
    return 'taken'
  } catch (error) {
    return error
  }
}

describe('the options of an application', () => {
  test('with what is required, for each kind of topology', () =>
    inWorld(async ({ log, world }) => {
      expect(refusal(counting, { applicationId: 'app', log, world, stateDir: '/state' })).toBe('taken')
      expect(refusal(stateless, { applicationId: 'app', log, world })).toBe('taken')
      expect(refusal(stateless, { applicationId: 'app', log, world: undefined, bounded: undefined })).toBe('taken')
    }))

  test.each<[string, object | undefined, string]>([
    ['that are missing', undefined, 'options are missing'],
    ['that nobody knows', { stateDirectory: '/state' }, 'unknown option'],
    ['without a log', { log: undefined }, 'log'],
    ['with something else as a log', { log: {} }, 'log'],
    ['without an id', { applicationId: undefined }, 'applicationId'],
    ['with an id that is no name', { applicationId: 'a b' }, 'applicationId'],
    ['without stateDir although there are stores', { stateDir: undefined }, 'since the topology has stores'],
    ['with an empty stateDir', { stateDir: '' }, 'stateDir'],
    ['bounded by something', { bounded: 'yes' }, 'bounded'],
    ['with another policy', { onError: 'retry' }, 'onError'],
    ['with no policy', { onError: null }, 'onError'],
    ['with a policy for something else', { onError: { reads: 'skip' } }, 'unknown option'],
    ['with another policy for reading', { onError: { read: 'retry' } }, 'onError.read'],
    ['with another policy for processing', { onError: { process: 'log' } }, 'onError.process'],
    ['with another policy for writing', { onError: { write: { retry: 1 } } }, 'onError.write'],
    ['with no retries', { onError: { process: { retry: 0 } } }, 'onError.process.retry'],
    ['with retries without a number', { onError: { process: {} } }, 'onError.process.retry'],
    ['with a negative backoff', { onError: { process: { retry: 1, backoffMs: -1 } } }, 'onError.process.backoffMs'],
    ['with another end of retries', { onError: { process: { retry: 1, otherwise: 'retry' } } }, 'onError.process.otherwise'],
    ['with retries of something else', { onError: { process: { retry: 1, times: 2 } } }, 'unknown option'],
    ['with dead letters and no topic', { onError: { read: 'deadLetter' } }, 'onError.deadLetterTopic'],
    [
      'with dead letters after retries and no topic',
      { onError: { process: { retry: 1, otherwise: 'deadLetter' } } },
      'deadLetterTopic',
    ],
    ['with dropped records and no topic', { onError: { deadLetterDrops: true } }, 'onError.deadLetterTopic'],
    ['with drops that are neither', { onError: { deadLetterDrops: 'late', deadLetterTopic: 'dead' } }, 'onError.deadLetterDrops'],
    ['with a topic that no policy uses', { onError: { read: 'skip', deadLetterTopic: 'dead' } }, 'onError.deadLetterTopic'],
    ['with a topic that is read', { onError: { read: 'deadLetter', deadLetterTopic: 'in' } }, 'does not read'],
    ['with an empty topic', { onError: { read: 'deadLetter', deadLetterTopic: '' } }, 'onError.deadLetterTopic'],
    ['with something else to call', { onDropped: 'log' }, 'onDropped'],
    ['with something else to tell of restores', { onRestore: true }, 'onRestore'],
    ['without an interval', { commitIntervalMs: 0 }, 'commitIntervalMs'],
    ['with a fraction of bytes', { maxUncommittedBytes: 0.5 }, 'maxUncommittedBytes'],
    ['with a fraction of idle time', { maxTaskIdleMs: 0.5 }, 'maxTaskIdleMs'],
    ['with less idle time than none', { maxTaskIdleMs: -2 }, 'maxTaskIdleMs'],
    ['with an idle advance without a time', { idleAdvance: {} }, 'idleAdvance.afterMs'],
    ['with an idle advance at once', { idleAdvance: { afterMs: 0 } }, 'idleAdvance.afterMs'],
    ['with an idle advance by something else', { idleAdvance: { forMs: 1 } }, 'unknown option'],
    ['with an idle advance that is a number', { idleAdvance: 5 }, 'options are missing'],
    ['with an idle advance of a bounded application', { bounded: true, idleAdvance: { afterMs: 1 } }, 'idleAdvance'],
    ['with half a world', { world: { disk: {} } }, 'world'],
    ['with no engines', { storeEngines: 'leveldb' }, 'storeEngines'],
  ])('are refused when they come %s', (_name, change, words) =>
    inWorld(async ({ log, world }) => {
      const options = change && { applicationId: 'app', log, world, stateDir: '/state', ...change }
      expect(refusal(counting, options)).toMatchObject({ code: 'INVALID_STREAM_OPTION', message: expect.stringContaining(words) })
    }),
  )

  test('need a topology', () =>
    inWorld(async ({ log, world }) => {
      const options = { applicationId: 'app', log, world, stateDir: '/state' }
      for (const topology of [undefined, null, {}, 'in']) {
        expect(refusal(topology, options)).toMatchObject({
          code: 'INVALID_STREAM_OPTION',
          message: expect.stringContaining('topology'),
        })
      }
    }))
})
