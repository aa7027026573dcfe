import type { Clock } from '../base/clock.ts'
import { simWorld } from '../simulation/sim-world.ts'
import { MetricRegistry } from './metric-registry.ts'

const testMetrics = {
  'test.sent': { kind: 'counter', unit: '{record}', help: 'Sent.' },
  'test.level': { kind: 'gauge', unit: 'By', help: 'A "level" with \\ and\na second line.' },
  'test.ended': {
    kind: 'counter',
    unit: 'By',
    help: 'Ended.',
    labels: { outcome: ['good', 'bad'], place: ['here', 'there'] },
  },
  'test.size': { kind: 'histogram', unit: 'By', help: 'Sizes.' },
  'test.time': { kind: 'duration', unit: 's', help: 'Times.' },
} as const

export type TestMetrics = typeof testMetrics

export function registry(clock: Clock = simWorld({ seed: 1 }).clock): MetricRegistry<TestMetrics> {
  return new MetricRegistry(testMetrics, clock)
}
