import { each, rows, sink, step, table } from '../notation.ts'
import type { Step, TopologyCase } from '../topology-case.ts'

const out = [step('table.toStream'), sink()]

function on(more: object, ...steps: readonly Step[]): readonly Step[] {
  return [table('in', more), ...steps, ...out]
}

const inputs = {
  'updates and tombstones': rows(
    'in@1 a=xx',
    'in@2 b=y',
    'in@3 a=z',
    'in@4 a=~',
    'in@5 a=~',
    'in@6 b=yyy',
    'in@7 ~=w',
    'in@8 c=~',
  ),
  'out of order': rows('in@9 a=xx', 'in@3 a=y', 'in@5 a=~', 'in@4 a=zzz', 'in@20 b=long', 'in@1 b=~'),
}

export const tableCases: readonly TopologyCase[] = [
  ...each(
    {
      table: on({}),
      'table, filter': on({}, step('table.filter', { by: 'longer:1' })),
      'table, filter with a store': on({}, step('table.filter', { by: 'longer:1', store: 'filtered' })),
      'table, filterNot': on({}, step('table.filterNot', { by: 'longer:1' })),
      'table, mapValues': on({}, step('table.mapValues', { by: 'upper' })),
      'table, mapValues with a store': on({}, step('table.mapValues', { by: 'both', store: 'mapped' })),
      'table, mapValues to null': on({}, step('table.mapValues', { by: 'null-if:y' })),
      'table, filter after mapValues': on({}, step('table.mapValues', { by: 'length' }), step('table.filter', { by: 'above:1' })),
      'versioned table': on({ versioned: 100 }),
      'versioned table, filter': on({ versioned: 100 }, step('table.filter', { by: 'longer:1' })),
    },
    inputs,
  ),
  ...each(
    {
      'table, groupBy, count': on(
        {},
        step('table.groupBy', { key: 'first', value: 'value', name: 'letters' }),
        step('count', { store: 'n' }),
      ),
      'table, groupBy, reduce': on(
        {},
        step('table.groupBy', { key: 'part:0', value: 'part:1', name: 'parts' }),
        step('reduce', { store: 'sums', by: 'sum' }),
      ),
      'table, groupBy, aggregate': on(
        {},
        step('table.groupBy', { key: 'part:0', value: 'both', name: 'parts' }),
        step('aggregate', { store: 'all', by: 'concat' }),
      ),
      'versioned table, groupBy, aggregate': on(
        { versioned: 100 },
        step('table.groupBy', { key: 'part:0', value: 'both', name: 'parts' }),
        step('aggregate', { store: 'all', by: 'concat' }),
      ),
    },
    {
      'moves between groups': rows(
        'in@1 a=p:1',
        'in@2 b=p:2',
        'in@3 a=q:3',
        'in@4 b=p:5',
        'in@5 a=~',
        'in@6 b=~',
        'in@7 b=~',
        'in@8 b=r:7',
      ),
      'out of order, null groups': rows('in@9 a=p:1', 'in@2 a=p:4', 'in@5 b=:7', 'in@3 b=q:6', 'in@11 a=~', 'in@4 c=p:8'),
    },
  ),
  ...each(
    {
      toTable: [step('stream', { topic: 'in' }), step('toTable', { store: 'in' }), ...out],
      'toTable after selectKey': [
        step('stream', { topic: 'in' }),
        step('selectKey', { by: 'first' }),
        step('repartition', { name: 'letters' }),
        step('toTable', { store: 'in' }),
        ...out,
      ],
      'toTable, versioned': [step('stream', { topic: 'in' }), step('toTable', { store: 'in', versioned: 100 }), ...out],
    },
    inputs,
  ),
]

const kinds = ['table.join', 'table.leftJoin', 'table.outerJoin'] as const

function tableJoins(more: object, what: string): Record<string, readonly Step[]> {
  return Object.fromEntries(
    kinds.map((op) => [
      `${op}${what}`,
      [table('right', more), table('left', more), step(op, { with: 'right', store: 'joined' }), ...out],
    ]),
  )
}

/** The sequence of Kafka's documentation of join semantics. */
const documented = rows(
  'left@1 k=~',
  'right@2 k=~',
  'left@3 k=A',
  'right@4 k=a',
  'left@5 k=B',
  'right@6 k=b',
  'left@7 k=~',
  'right@8 k=~',
  'left@9 k=C',
  'right@10 k=c',
  'right@11 k=~',
  'left@12 k=~',
  'right@13 k=~',
  'right@14 k=d',
  'left@15 k=D',
)
const joinInputs = {
  'as documented': documented,
  'out of order': rows(
    'left@9 k=A',
    'right@3 k=a',
    'left@5 k=B',
    'right@12 k=b',
    'left@2 k=~',
    'right@1 k=~',
    'left@20 k=C',
    'right@4 k=d',
  ),
  'null keys, several keys': rows(
    'left@1 ~=A',
    'right@2 ~=a',
    'left@3 a=A',
    'right@4 b=b',
    'right@1 a=a',
    'left@2 b=B',
    'right@9 b=~',
    'left@8 a=~',
  ),
}

export const tableJoinCases: readonly TopologyCase[] = [
  ...each(tableJoins({}, ''), joinInputs),
  ...each(tableJoins({ versioned: 100 }, ', versioned'), {
    'as documented': documented,
    'out of order': joinInputs['out of order'],
  }),
]

const foreign = ['table.joinForeign', 'table.leftJoinForeign'] as const

/** The key of the other table stands before the colon. */
export const foreignJoinCases: readonly TopologyCase[] = each(
  Object.fromEntries(
    foreign.map((op) => [
      op,
      [table('right'), table('left'), step(op, { with: 'right', by: 'part:0', name: 'foreign', store: 'joined' }), ...out],
    ]),
  ),
  {
    'as documented': rows(
      'left@1 k=1:x',
      'right@2 1=foo',
      'left@3 k=2:x',
      'left@4 k=3:x',
      'right@5 3=bar',
      'left@6 k=~',
      'left@7 k=1:y',
      'left@8 q=10:a',
      'left@9 r=10:b',
      'right@10 10=baz',
    ),
    'the foreign side changes and goes': rows(
      'right@1 1=foo',
      'left@2 a=1:x',
      'left@3 b=1:y',
      'right@4 1=bar',
      'right@5 1=~',
      'right@6 1=~',
      'right@7 1=qux',
      'left@8 a=~',
      'right@9 1=end',
    ),
    'null foreign keys': rows(
      'right@1 1=foo',
      'left@2 a=:x',
      'left@3 a=1:x',
      'left@4 a=:y',
      'left@5 a=:z',
      'left@6 b=:b',
      'left@7 b=~',
      'left@8 ~=1:c',
      'right@9 ~=d',
    ),
    'the foreign key moves': rows(
      'right@1 1=one',
      'right@2 2=two',
      'left@3 a=1:x',
      'left@4 a=2:x',
      'left@5 a=3:x',
      'left@6 a=1:x',
      'right@7 3=three',
      'right@8 2=zwei',
    ),
    'the same value again': rows(
      'right@1 1=one',
      'left@2 a=1:x',
      'left@3 a=1:x',
      'right@4 1=one',
      'left@1 a=1:x',
      'left@9 b=7:n',
      'left@9 b=7:n',
      'left@10 b=~',
      'left@11 b=~',
    ),
    'out of order': rows('right@20 1=one', 'left@5 a=1:x', 'right@3 1=uno', 'left@2 a=1:y', 'left@30 a=~', 'left@1 a=1:z'),
  },
)
