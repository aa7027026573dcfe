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
    ['with something else to call', { onSkipped: 'log' }, 'onSkipped'],
    ['without an interval', { commitIntervalMs: 0 }, 'commitIntervalMs'],
    ['with a fraction of bytes', { maxUncommittedBytes: 0.5 }, 'maxUncommittedBytes'],
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
