import { expect, test } from 'vitest'
import { days } from '../time/duration.ts'
import { manifestOf } from './manifest.ts'
import { flights } from './plan.fixtures.ts'
import { planOf } from './plan-of.ts'

test('a manifest names what is durable, as JSON', () => {
  const manifest = manifestOf(planOf(flights(days(2)), 'delays'))
  expect(JSON.parse(JSON.stringify(manifest))).toEqual({
    version: 1,
    applicationId: 'delays',
    subTopologies: [
      {
        id: 0,
        sources: ['flights'],
        stores: [
          {
            name: 'daily-delays',
            kind: 'window',
            changelog: 'delays-daily-delays-changelog',
            key: 'string',
            value: 'string',
            windows: { kind: 'tumbling', sizeMs: 86_400_000, grace: 172_800_000 },
          },
        ],
      },
      {
        id: 1,
        sources: ['delays-arrivals-repartition'],
        stores: [
          {
            name: 'arrivals-by-airport',
            kind: 'keyValue',
            changelog: 'delays-arrivals-by-airport-changelog',
            key: 'string',
            value: 'string',
          },
        ],
      },
    ],
    repartitions: [{ name: 'arrivals', topic: 'delays-arrivals-repartition', partitions: null }],
    globalTables: [{ store: 'airports', topic: 'airports', key: 'string', value: 'string' }],
  })
})
