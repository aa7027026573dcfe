import { each, rows, sink, source, step } from '../notation.ts'
import type { Step, TopologyCase } from '../topology-case.ts'

function grouped(...steps: readonly Step[]): readonly Step[] {
  return [source('in'), step('groupByKey'), ...steps, step('table.toStream'), sink()]
}

const inputs = {
  'in order': rows('in@1 a=1', 'in@2 b=2', 'in@3 a=3', 'in@4 a=4', 'in@5 b=5'),
  'out of order the newest time stays': rows('in@10 a=1', 'in@4 a=2', 'in@12 a=3', 'in@11 a=4', 'in@0 b=5', 'in@1 b=6'),
  'null keys and values are dropped': rows('in@1 a=1', 'in@2 a=~', 'in@3 ~=3', 'in@4 ~=~', 'in@5 a=5'),
}
const removals = rows('in@1 a=x', 'in@2 a=y', 'in@9 a=stop', 'in@3 a=z', 'in@4 b=stop', 'in@5 b=w', 'in@6 b=stop', 'in@7 b=stop')

export const aggregateCases: readonly TopologyCase[] = [
  ...each(
    {
      count: grouped(step('count', { store: 'totals' })),
      'reduce to a sum': grouped(step('reduce', { store: 'totals', by: 'sum' })),
      'aggregate of texts': grouped(step('aggregate', { store: 'totals', by: 'concat' })),
    },
    inputs,
  ),
  {
    name: 'reduce: null removes the total',
    topology: grouped(step('reduce', { store: 'totals', by: 'null-on:stop' })),
    input: removals,
  },
  {
    name: 'aggregate: null removes the total',
    topology: grouped(step('aggregate', { store: 'totals', by: 'null-on:stop' })),
    input: removals,
  },
  {
    name: 'reduce: the last of each key',
    topology: grouped(step('reduce', { store: 'totals', by: 'last' })),
    input: rows('in@9 a=x', 'in@5 a=y', 'in@7 a=z'),
  },
  {
    name: 'groupBy: by the first letter, null keys out',
    topology: [
      source('in'),
      step('groupBy', { by: 'first', name: 'by-letter' }),
      step('count', { store: 'letters' }),
      step('table.toStream'),
      sink(),
    ],
    input: rows('in@1 a=one', 'in@2 b=other', 'in@3 c=', 'in@4 a=~', 'in@5 ~=of', 'in@1 d=end', 'in@9 d=ever'),
  },
  {
    name: 'groupBy: words of lines, counted',
    topology: [
      source('in'),
      step('flatMapValues', { by: 'words' }),
      step('groupBy', { by: 'value', name: 'by-word' }),
      step('count', { store: 'words' }),
      step('table.toStream'),
      sink(),
    ],
    input: rows('in@1 l1=the cat the dog', 'in@2 l2=a dog', 'in@0 l3=the end'),
  },
  {
    name: 'count: two of one stream',
    topology: [
      source('in'),
      step('groupByKey', { as: 'groups' }),
      step('count', { store: 'first' }),
      step('table.toStream'),
      sink('one'),
      step('aggregate', { on: 'groups', store: 'second', by: 'concat' }),
      step('table.toStream'),
      sink('two'),
    ],
    input: rows('in@1 a=x', 'in@3 b=y', 'in@2 a=z'),
  },
  {
    name: 'count: of a count by its result',
    topology: [
      source('in'),
      step('groupByKey'),
      step('count', { store: 'first' }),
      step('table.toStream'),
      step('groupBy', { by: 'value', name: 'by-count' }),
      step('count', { store: 'second' }),
      step('table.toStream'),
      sink(),
    ],
    input: rows('in@1 a=x', 'in@3 b=y', 'in@2 a=z', 'in@9 c=w', 'in@4 a=v'),
  },
]
