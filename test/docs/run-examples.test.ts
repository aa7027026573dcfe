/** What runs the documentation tells a wrong example from a right one. */
import { beforeAll, describe, expect, test } from 'vitest'
import { examplesIn, headingsIn } from './doc-examples.ts'
import { runExamples, type DocRun } from './run-examples.ts'

const page = [
  '# Title',
  '',
  '## `first`',
  '',
  '```ts',
  'not an example',
  '```',
  '',
  '```ts example',
  "show(builder.stream('in', numbers).filter((one) => one.length > 1))",
  "pipe('in', ['a', 1, 10])",
  '```',
  '',
  '```text',
  'a = 1 @10',
  '```',
  '',
  '### second',
  '',
  '```ts example',
  "throw new Error('of the second')",
  '```',
  '',
  '```ts example',
  "show(builder.stream('in', texts).groupByKey().count({ store: 'counts' }), 'count')",
  "pipe('in', ['a', 'x', 10], [null, 'x'])",
  '```',
].join('\n')

const [first, second, third] = examplesIn(`${page}\n`)

test('examples are found with heading, line and what they are to print', () => {
  expect(headingsIn(page)).toEqual(['first', 'second'])
  expect(first).toMatchObject({ heading: 'first', line: 10, expected: 'a = 1 @10' })
  expect(second).toMatchObject({ heading: 'second', line: 21, expected: undefined })
})

describe('a run', () => {
  let run: DocRun
  beforeAll(async () => {
    run = await runExamples(new Map(Object.entries({ first: first!, second: second!, third: third! })))
  }, 120_000)

  test('names the line of what does not compile', () => expect(run.typeErrors).toContain('first.ts(10,'))

  test('prints what is shown, and what was dropped', () => {
    expect(run.outcomes['first']).toEqual({ printed: '' })
    expect(run.outcomes['third']).toEqual({ printed: 'count: a = 1 @10\ndropped: null-key 1' })
  })

  test('goes on behind an example that fails', () => {
    expect(run.outcomes['second']).toEqual({ error: expect.stringContaining('of the second') })
  })
})
