import { each, rows, sink, source, step, table } from '../notation.ts'
import type { Step, TopologyCase } from '../topology-case.ts'

function joined(op: string, tableMore: object, joinMore: object = {}): readonly Step[] {
  return [table('right', tableMore), source('left'), step(op, { with: 'right', ...joinMore }), sink()]
}

const inputs = {
  'as documented': rows(
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
  ),
  'null keys': rows('right@1 ~=a', 'left@2 ~=A', 'left@3 ~=~', 'right@4 k=b', 'left@5 k=B'),
  'the table out of order': rows(
    'right@10 k=a',
    'left@3 k=A',
    'right@5 k=b',
    'left@7 k=B',
    'left@12 k=C',
    'right@11 k=~',
    'left@10 k=D',
    'left@11 k=E',
  ),
}
const history = {
  ...inputs,
  'older than the history': rows(
    'right@10 k=a',
    'right@200 k=b',
    'left@10 k=A',
    'left@99 k=B',
    'left@100 k=C',
    'left@200 k=D',
    'right@50 k=x',
    'left@60 k=E',
  ),
}
/** Without null keys: Kafka 4.3.1 fails on one in a left join with grace. */
const grace = {
  'as documented': inputs['as documented'],
  'the table out of order': inputs['the table out of order'],
  'grace at its border': rows(
    'right@1 k=a',
    'left@2 k=A',
    'left@11 k=B',
    'right@5 k=b',
    'left@12 k=C',
    'left@13 k=D',
    'left@2 k=E',
    'left@3 k=F',
    'right@40 k=c',
    'left@60 z=Z',
    'left@80 z=Y',
  ),
  'several keys at one time': rows(
    'right@1 a=x',
    'left@5 b=1',
    'left@5 a=2',
    'left@5 b=3',
    'left@4 a=4',
    'right@2 b=y',
    'left@50 z=Z',
  ),
}

export const streamTableCases: readonly TopologyCase[] = [
  ...each({ join: joined('join', {}), leftJoin: joined('leftJoin', {}) }, inputs),
  ...each(
    { 'join, versioned': joined('join', { versioned: 100 }), 'leftJoin, versioned': joined('leftJoin', { versioned: 100 }) },
    history,
  ),
  ...each(
    {
      'join, versioned with grace': joined('join', { versioned: 100 }, { grace: 10, name: 'waiting' }),
      'leftJoin, versioned with grace': joined('leftJoin', { versioned: 100 }, { grace: 10, name: 'waiting' }),
    },
    grace,
  ),
  {
    name: 'join: a count of the same stream',
    topology: [
      source('in'),
      step('groupByKey'),
      step('count', { store: 'counts', as: 'counts' }),
      step('join', { on: 'in', with: 'counts' }),
      sink(),
    ],
    input: rows('in@1 a=x', 'in@2 b=y', 'in@3 a=z'),
  },
]

function global(op: string, by: string): readonly Step[] {
  return [
    { op: 'globalTable', topic: 'right', store: 'right', as: 'right' },
    source('left'),
    step(op, { with: 'right', by }),
    sink(),
  ]
}

export const globalCases: readonly TopologyCase[] = each(
  {
    'joinGlobal by part of the value': global('joinGlobal', 'part:0'),
    'joinGlobal by key': global('joinGlobal', 'key'),
    'leftJoinGlobal by part of the value': global('leftJoinGlobal', 'part:0'),
    'leftJoinGlobal by key': global('leftJoinGlobal', 'key'),
  },
  {
    'rows come and go': rows(
      'left@1 a=1:x',
      'right@2 1=one',
      'left@3 a=1:y',
      'right@4 a=A',
      'left@1 a=1:z',
      'right@5 1=~',
      'left@6 a=1:w',
      'left@7 b=2:v',
    ),
    nulls: rows(
      'right@1 1=one',
      'left@2 ~=1:x',
      'left@3 a=:y',
      'left@4 a=~',
      'left@5 ~=~',
      'right@6 ~=no key',
      'right@7 a=A',
      'left@8 a=~',
      'left@9 a=:q',
    ),
  },
)
