import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { securityChecks } from './security-checks.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** From the names of tests, and of the rows of tests: texts, in any case, and no comments. */
const numbered = globSync('{core,streams,connectors,test}/**/*.test.ts', {
  cwd: root,
  exclude: (name) => name === 'node_modules',
})
  .flatMap((path) => readFileSync(`${root}/${path}`, 'utf8').split('\n'))
  .filter((line) => !/^\s*(?:\/\/|\/?\*)/.test(line) && /['"`].*SEC-\d/.test(line))
  .flatMap((line) => [...line.matchAll(/SEC-(\d+)/g)].map((match) => Number(match[1])))

test.each(Object.entries(securityChecks).map(([number, check]) => ({ number: Number(number), ...check })))(
  'check $number: $holds',
  ({ number, pending }) => {
    // One that is pending and has a test is no longer pending: or nobody would miss the test later.
    expect(numbered.includes(number), `a test has SEC-${number} in its name`).toBe(pending === undefined)
  },
)

test('every check from 1 to 42 has its row, and every number in a test has one', () => {
  expect(Object.keys(securityChecks).map(Number)).toEqual(Array.from({ length: 42 }, (_, at) => at + 1))
  for (const number of numbered) expect(securityChecks[number], `SEC-${number}`).toBeDefined()
})
