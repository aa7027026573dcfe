import { each, rows, sink, source, step, totalOf } from '../notation.ts'
import type { Step, TopologyCase } from '../topology-case.ts'

function windowed(window: Step, emit: 'emitFinal' | 'emitOnUpdate', total: Step = concat): readonly Step[] {
  const emits = emit === 'emitFinal' ? [step(emit)] : [step(emit), step('table.toStream')]
  return [source('in'), step('groupByKey'), ...totalOf(window, total), ...emits, sink()]
}

const concat = step('aggregate', { store: 'totals', by: 'concat' })
const count = step('count', { store: 'totals' })
const tumbling = step('tumbling', { size: 10, grace: 0 })
const tumblingGrace = step('tumbling', { size: 10, grace: 5 })
const hopping = step('hopping', { size: 10, advance: 5, grace: 0 })
const hoppingGrace = step('hopping', { size: 10, advance: 4, grace: 5 })
const sliding = step('sliding', { difference: 10, grace: 0 })
const slidingGrace = step('sliding', { difference: 10, grace: 5 })
const session = step('session', { gap: 5, grace: 0 })
const sessionGrace = step('session', { gap: 5, grace: 10 })

const inputs = {
  'at the borders': rows('in@0 a=1', 'in@3 a=2', 'in@9 b=3', 'in@10 a=4', 'in@19 a=5', 'in@20 b=6', 'in@30 a=7', 'in@60 z=8'),
  'out of order and late': rows(
    'in@5 a=1',
    'in@12 a=2',
    'in@3 a=3',
    'in@18 b=4',
    'in@9 a=5',
    'in@25 a=6',
    'in@4 a=7',
    'in@31 b=8',
    'in@16 a=9',
    'in@80 z=0',
  ),
  'grace at its border': rows(
    'in@1 a=1',
    'in@14 b=2',
    'in@2 a=3',
    'in@15 b=4',
    'in@3 a=5',
    'in@16 b=6',
    'in@4 a=7',
    'in@20 c=8',
    'in@10 a=9',
    'in@99 z=0',
  ),
  'keys of one window': rows('in@1 c=1', 'in@2 a=2', 'in@2 b=3', 'in@3 B=4', 'in@3 aa=5', 'in@4 a=6', 'in@50 z=7'),
  'null keys, and a time that repeats': rows(
    'in@1 a=1',
    'in@1 a=2',
    'in@8 ~=3',
    'in@9 a=4',
    'in@40 ~=5',
    'in@2 a=6',
    'in@41 a=7',
    'in@70 z=8',
  ),
}
const nullValues = rows('in@1 a=1', 'in@2 a=~', 'in@40 b=~', 'in@3 a=2', 'in@4 b=3', 'in@41 b=4', 'in@70 z=5')
const long = rows(
  'in@60000 a=1',
  'in@400000 b=2',
  'in@70000 a=3',
  'in@90000 a=4',
  'in@700000 b=5',
  'in@395000 b=6',
  'in@9000000 z=7',
)
const removals = rows('in@1 a=x', 'in@2 a=stop', 'in@3 a=y', 'in@4 b=stop', 'in@15 a=z', 'in@16 a=stop', 'in@40 z=w')

export const tumblingFinalCases: readonly TopologyCase[] = [
  ...each(
    { 'tumbling, final': windowed(tumbling, 'emitFinal'), 'tumbling with grace, final': windowed(tumblingGrace, 'emitFinal') },
    inputs,
  ),
  {
    name: 'tumbling, final: counts',
    topology: windowed(tumblingGrace, 'emitFinal', count),
    input: inputs['out of order and late'],
  },
  {
    name: 'tumbling, final: reduce',
    topology: windowed(tumblingGrace, 'emitFinal', step('reduce', { store: 'totals', by: 'sum' })),
    input: inputs['out of order and late'],
  },
  {
    name: 'tumbling, final: null removes the row',
    topology: windowed(tumbling, 'emitFinal', step('aggregate', { store: 'totals', by: 'null-on:stop' })),
    input: removals,
  },
  { name: 'tumbling, final: null values', topology: windowed(tumbling, 'emitFinal'), input: nullValues },
  {
    name: 'tumbling, final: stream time jumps, and Kafka keeps rows for size and grace only',
    topology: windowed(tumbling, 'emitFinal', step('count', { store: 'totals', retention: 'default' })),
    input: rows('in@1 a=1', 'in@50 z=2', 'in@55 z=3', 'in@60 z=4'),
  },
  {
    name: 'tumbling, final: windows of minutes',
    topology: windowed(step('tumbling', { size: 60_000, grace: 300_000 }), 'emitFinal'),
    input: long,
  },
  {
    name: 'tumbling, final: the rows as a stream, grouped again',
    topology: [
      source('in'),
      step('groupByKey'),
      tumbling,
      count,
      step('emitFinal'),
      step('map', { key: 'inner', value: 'value' }),
      step('repartition', { name: 'again' }),
      step('groupByKey'),
      step('reduce', { store: 'sums', by: 'sum' }),
      step('table.toStream'),
      sink(),
    ],
    input: inputs['at the borders'],
  },
]

export const windowCases: readonly TopologyCase[] = [
  ...each(
    {
      'tumbling, each update': windowed(tumbling, 'emitOnUpdate'),
      'tumbling, each update, count': windowed(tumbling, 'emitOnUpdate', count),
      'hopping, each update': windowed(hopping, 'emitOnUpdate'),
      'sliding, each update': windowed(sliding, 'emitOnUpdate'),
      'session, each update': windowed(session, 'emitOnUpdate'),
    },
    { 'null values': nullValues },
  ),
  ...each(
    {
      'tumbling, each update': windowed(tumbling, 'emitOnUpdate'),
      'tumbling with grace, each update': windowed(tumblingGrace, 'emitOnUpdate'),
    },
    inputs,
  ),
  ...each(
    {
      'hopping, each update': windowed(hopping, 'emitOnUpdate'),
      'hopping with grace, each update': windowed(hoppingGrace, 'emitOnUpdate'),
      'hopping, final': windowed(hopping, 'emitFinal'),
      'hopping with grace, final': windowed(hoppingGrace, 'emitFinal'),
    },
    inputs,
  ),
  ...each(
    {
      'sliding, each update': windowed(sliding, 'emitOnUpdate'),
      'sliding with grace, each update': windowed(slidingGrace, 'emitOnUpdate'),
      'sliding, final': windowed(sliding, 'emitFinal'),
      'sliding with grace, final': windowed(slidingGrace, 'emitFinal'),
    },
    inputs,
  ),
  ...each(
    {
      'session, each update': windowed(session, 'emitOnUpdate'),
      'session with grace, each update': windowed(sessionGrace, 'emitOnUpdate'),
      'session, final': windowed(session, 'emitFinal'),
      'session with grace, final': windowed(sessionGrace, 'emitFinal'),
    },
    inputs,
  ),
  ...each(
    {
      'tumbling, null removes the row': windowed(
        tumbling,
        'emitOnUpdate',
        step('aggregate', { store: 'totals', by: 'null-on:stop' }),
      ),
      'hopping, reduce': windowed(hoppingGrace, 'emitOnUpdate', step('reduce', { store: 'totals', by: 'concat' })),
      'sliding, count': windowed(slidingGrace, 'emitOnUpdate', count),
      'session, count': windowed(sessionGrace, 'emitOnUpdate', count),
      'session, reduce': windowed(sessionGrace, 'emitOnUpdate', step('reduce', { store: 'totals', by: 'concat' })),
    },
    { 'as it comes': removals },
  ),
  ...each(
    {
      'session, merges': windowed(sessionGrace, 'emitOnUpdate'),
      'session, merges, final': windowed(sessionGrace, 'emitFinal'),
    },
    {
      'a record between two sessions': rows('in@0 a=1', 'in@10 a=2', 'in@5 a=3', 'in@16 a=4', 'in@50 z=5'),
      'the gap is inclusive': rows('in@0 a=1', 'in@5 a=2', 'in@11 a=3', 'in@16 a=4', 'in@50 z=5'),
      'earlier than the session': rows('in@10 a=1', 'in@5 a=2', 'in@0 a=3', 'in@50 z=5'),
      'at the border of being closed': rows('in@25 b=1', 'in@40 a=2', 'in@24 b=3', 'in@26 b=4', 'in@29 b=5', 'in@70 z=6'),
      'inside the session': rows('in@10 a=1', 'in@15 a=2', 'in@12 a=3', 'in@12 a=4', 'in@50 z=5'),
    },
  ),
  {
    name: 'session: at the border of being closed, and Kafka keeps rows for gap and grace only',
    topology: windowed(sessionGrace, 'emitOnUpdate', step('count', { store: 'totals', retention: 'default' })),
    input: rows('in@25 b=1', 'in@40 a=2', 'in@24 b=3', 'in@26 b=4', 'in@29 b=5', 'in@70 z=6'),
  },
  {
    name: 'hopping: windows of minutes, each update',
    topology: windowed(step('hopping', { size: 60_000, advance: 30_000, grace: 300_000 }), 'emitOnUpdate'),
    input: long,
  },
  {
    name: 'sliding: close together, out of order',
    topology: windowed(step('sliding', { difference: 5, grace: 50 }), 'emitOnUpdate'),
    input: rows(
      'in@20 a=1',
      'in@22 a=2',
      'in@18 a=3',
      'in@27 a=4',
      'in@20 a=5',
      'in@2 a=6',
      'in@0 a=7',
      'in@30 a=8',
      'in@24 a=9',
    ),
  },
]

/** A table of windows is a table. */
function suppressed(window: Step, suppress: Step): readonly Step[] {
  return [
    source('in'),
    step('groupByKey'),
    ...totalOf(window, concat),
    step('emitOnUpdate'),
    suppress,
    step('table.toStream'),
    sink(),
  ]
}

const untilClosed = step('table.suppress', { until: 'closed', store: 'held' })
const fewOf = { 'at the borders': inputs['at the borders'], 'out of order and late': inputs['out of order and late'] }

export const suppressCases: readonly TopologyCase[] = [
  {
    name: 'suppress until closed, sliding: a window that is made and closed by one record',
    topology: suppressed(step('sliding', { difference: 8, grace: 5 }), untilClosed),
    input: rows('in@19 b=1', 'in@20 b=2', 'in@24 a=3', 'in@27 a=4', 'in@34 a=5', 'in@29 b=6', 'in@34 a=7'),
  },
  ...each(
    {
      'suppress until closed, tumbling': suppressed(tumblingGrace, untilClosed),
      'suppress until closed, hopping': suppressed(hopping, untilClosed),
      'suppress until closed, sliding': suppressed(slidingGrace, untilClosed),
      'suppress until closed, session': suppressed(sessionGrace, untilClosed),
    },
    { ...fewOf, 'grace at its border': inputs['grace at its border'], 'keys of one window': inputs['keys of one window'] },
  ),
  ...each(
    {
      'suppress until 7 ms': [
        { op: 'table', topic: 'in', store: 'in' },
        step('table.suppress', { until: 7, store: 'held' }),
        step('table.toStream'),
        sink(),
      ],
      'suppress until 100 ms or 2 records': [
        { op: 'table', topic: 'in', store: 'in' },
        step('table.suppress', { until: 100, records: 2, store: 'held' }),
        step('table.toStream'),
        sink(),
      ],
    },
    {
      'the last of each key': rows('in@1 a=1', 'in@3 a=2', 'in@5 b=3', 'in@8 c=4', 'in@10 c=5', 'in@12 c=6', 'in@30 d=7'),
      'tombstones and out of order': rows(
        'in@9 a=1',
        'in@2 a=~',
        'in@10 b=3',
        'in@4 c=4',
        'in@17 b=~',
        'in@18 e=~',
        'in@40 d=5',
        'in@99 d=~',
      ),
    },
  ),
]
