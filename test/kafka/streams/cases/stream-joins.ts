import { each, rows, sink, source, step } from '../notation.ts'
import type { Step, TopologyCase } from '../topology-case.ts'

const kinds = ['joinStream', 'leftJoinStream', 'outerJoinStream'] as const

function joins(windows: { before: number; after: number; grace: number }, what: string): Record<string, readonly Step[]> {
  return Object.fromEntries(
    kinds.map((op) => [
      `${op}, ${what}`,
      [source('right'), source('left'), step(op, { with: 'right', name: 'pairs', ...windows }), sink()],
    ]),
  )
}

/** The sequence of Kafka's documentation of join semantics. */
const documented = rows(
  'left@1000 k=~',
  'right@2000 k=~',
  'left@3000 k=A',
  'right@4000 k=a',
  'left@5000 k=B',
  'right@6000 k=b',
  'left@7000 k=~',
  'right@8000 k=~',
  'left@9000 k=C',
  'right@10000 k=c',
  'right@11000 k=~',
  'left@12000 k=~',
  'right@13000 k=~',
  'right@14000 k=d',
  'left@15000 k=D',
  'left@40000 k=E',
  'left@60000 k=F',
  'right@80000 k=f',
  'left@100000 k=G',
)

export const streamJoinCases: readonly TopologyCase[] = [
  ...each(joins({ before: 15_000, after: 15_000, grace: 5000 }, '15 s and 5 s'), { 'as documented': documented }),
  ...each(joins({ before: 10, after: 10, grace: 5 }, '10 ms and 5 ms'), {
    'the window at its borders': rows(
      'left@20 k=A',
      'right@10 k=a',
      'right@9 k=b',
      'right@30 k=c',
      'right@31 k=d',
      'left@99 z=Z',
    ),
    'grace at its border': rows(
      'left@10 k=A',
      'left@25 k=B',
      'right@1 k=a',
      'left@26 k=C',
      'right@2 k=b',
      'right@11 k=c',
      'left@90 z=Z',
    ),
    'out of order': rows(
      'left@30 k=A',
      'right@5 k=a',
      'left@12 k=B',
      'right@33 k=b',
      'left@7 k=C',
      'right@20 k=c',
      'left@90 z=Z',
    ),
    'null keys and values': rows(
      'left@1 ~=A',
      'right@2 ~=a',
      'left@3 k=~',
      'right@4 k=a',
      'left@5 k=B',
      'right@6 k=~',
      'left@90 z=Z',
    ),
    'several at one time': rows(
      'left@5 k=A',
      'left@5 k=B',
      'right@5 k=a',
      'right@5 k=a',
      'left@5 k=A',
      'left@6 j=J',
      'left@6 j=K',
      'left@90 z=Z',
    ),
    'keys apart': rows(
      'left@1 a=A',
      'right@2 b=b',
      'left@3 b=B',
      'right@4 a=a',
      'right@5 c=c',
      'left@6 d=D',
      'left@60 z=Z',
      'right@61 z=z',
    ),
    'much later, much earlier': rows(
      'left@10 k=A',
      'right@100 k=a',
      'left@12 k=B',
      'right@13 k=b',
      'right@14 j=c',
      'left@15 j=D',
      'left@500 z=Z',
    ),
  }),
  ...each(joins({ before: 0, after: 10, grace: 0 }, 'after only'), {
    'the other side later': rows(
      'left@10 k=A',
      'right@9 k=a',
      'right@10 k=b',
      'right@20 k=c',
      'left@20 k=B',
      'right@21 k=d',
      'left@50 z=Z',
      'right@70 z=z',
    ),
  }),
  ...each(joins({ before: 10, after: 0, grace: 0 }, 'before only'), {
    'the other side earlier': rows(
      'right@5 k=a',
      'left@15 k=A',
      'left@16 k=B',
      'right@16 k=b',
      'right@17 k=c',
      'left@10 k=C',
      'left@50 z=Z',
      'right@70 z=z',
    ),
  }),
  ...each(joins({ before: 60_000, after: 60_000, grace: 0 }, 'a minute'), {
    'what the store has forgotten': rows(
      'left@1000 k=A',
      'left@300000 k=B',
      'right@2000 k=a',
      'right@250000 k=b',
      'left@200000 k=C',
      'right@239999 k=c',
      'left@900000 z=Z',
    ),
  }),
  ...each(joins({ before: 6, after: 9, grace: 4 }, 'unequal directions'), {
    'a right record is over before a left one of its time': rows(
      'right@20 k=a',
      'left@31 j=A',
      'left@33 j=B',
      'left@34 j=C',
      'left@99 z=Z',
    ),
    'each side lets its own go': rows('left@20 k=A', 'right@20 j=a', 'right@31 i=b', 'left@34 i=B', 'right@99 z=z'),
  }),
]
