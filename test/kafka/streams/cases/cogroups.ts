import { each, rows, sink, source, step, totalOf } from '../notation.ts'
import type { Step, TopologyCase } from '../topology-case.ts'

function cogrouped(...steps: readonly Step[]): readonly Step[] {
  return [
    source('left'),
    step('groupByKey', { as: 'lefts' }),
    source('right'),
    step('groupByKey', { as: 'rights' }),
    step('cogroup', { on: 'lefts', by: 'concat' }),
    step('cogroup', { with: 'rights', by: 'longest' }),
    ...steps,
    step('table.toStream'),
    sink(),
  ]
}

const total = step('aggregate', { store: 'totals', by: 'concat' })

export const cogroupCases: readonly TopologyCase[] = each(
  {
    cogroup: cogrouped(total),
    'cogroup, tumbling': cogrouped(step('tumbling', { size: 10, grace: 5 }), total, step('emitOnUpdate')),
    'cogroup, sliding': cogrouped(step('sliding', { difference: 10, grace: 5 }), total, step('emitOnUpdate')),
    'cogroup, session': cogrouped(...totalOf(step('session', { gap: 5, grace: 5 }), total), step('emitOnUpdate')),
  },
  {
    'both sides': rows('left@1 a=x', 'right@2 a=yyy', 'left@3 a=z', 'right@4 b=q', 'right@9 a=r', 'left@12 a=s'),
    'nulls and late ones': rows(
      'left@1 a=x',
      'right@2 ~=y',
      'right@5 a=~',
      'left@20 a=z',
      'right@4 a=wwwww',
      'left@14 a=u',
      'left@15 a=v',
    ),
  },
)
