/** withLatestFrom against RxJS's own operator on what each key has. */
import { fc, test } from '@fast-check/vitest'
import { Subject, withLatestFrom } from 'rxjs'
import { describe, expect } from 'vitest'
import { json, string } from '@millrace/core'
import type { MemoryApp } from '../testing/memory-app.ts'
import { memoryStream } from '../testing/memory-stream.ts'

const numbers = { key: string, value: json<number>() }

interface Given {
  readonly topic: 'in' | 'rows'
  readonly key: string
  readonly value: number
}

const given = fc.array(
  fc.record({
    topic: fc.constantFrom('in' as const, 'rows' as const),
    key: fc.constantFrom('a', 'b'),
    value: fc.nat({ max: 9 }),
  }),
)

function built(): MemoryApp {
  const { app } = memoryStream<number>((input, builder) => {
    const rows = builder.table('rows', { ...numbers, store: 'rows' })
    input.withLatestFrom(rows).to('pairs', { key: string, value: json<readonly [number, number]>() })
    input
      .withLatestFrom(rows, (value, latest, key) => `${key}${value}${latest}`)
      .to('texts', { key: string, value: json<string>() })
  })
  return app
}

describe('withLatestFrom is the operator of RxJS for each key', () => {
  test.prop([given])('as long as no row is deleted', (all) => {
    const app = built()
    const expected: unknown[] = []
    const subjects = new Map(['a', 'b'].map((key) => [key, { in: new Subject<number>(), rows: new Subject<number>() }]))
    for (const [key, one] of subjects) {
      one.in
        .pipe(withLatestFrom(one.rows))
        .subscribe((pair) => expected.push(['pairs', key, pair], ['texts', key, `${key}${pair.join('')}`]))
    }
    for (const [timestamp, { topic, key, value }] of all.entries()) {
      subjects.get(key)![topic].next(value)
      app.process({ topic, key, value, timestamp })
    }
    expect(app.outputs.map(({ topic, key, value }) => [topic, key, value])).toEqual(expected)
  })

  test('a row that is deleted is none any more', () => {
    const app = built()
    const rows: readonly (readonly [Given['topic'], number | null])[] = [
      ['rows', 1],
      ['rows', null],
      ['in', 2],
      ['rows', 3],
      ['in', 4],
    ]
    for (const [topic, value] of rows) app.process({ topic, key: 'a', value, timestamp: 0 })
    expect(app.outputs.map(({ value }) => value)).toEqual([[4, 3], 'a43'])
  })
})
