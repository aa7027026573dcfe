import { expect, test } from 'vitest'
import { read, sources } from './sources.ts'
import { longestFile, untidy } from './tidy.ts'

test('every source file is tidy', { timeout: 180_000 }, () => {
  const files = sources()
  expect(files.length).toBeGreaterThan(10)
  expect(files.flatMap(untidy)).toEqual([])
})

test('every published package carries the licence', () => {
  for (const name of ['core', 'streams', 'connectors', 'test']) expect(read(`${name}/LICENSE`)).toBe(read('LICENSE'))
})

const later = ['TO', 'DO'].join('')

test.each([
  ['core/src/base/ids.ts', `export * from './x.ts'`, 'export by name, not *'],
  ['core/src/base/ids.ts', `export default 1`, 'not as default'],
  ['core/src/base/ids.ts', `export default class Ids {}`, 'not as default'],
  ['core/src/base/ids.ts', `const ids = 1\nexport { ids as default }`, 'not as default'],
  ['core/src/base/utils.ts', '', '"utils" says nothing'],
  ['core/src/base/helpers.test.ts', '', '"helpers" says nothing'],
  ['core/src/types/ids.ts', '', '"types" says nothing'],
  ['core/src/base/ids.test.ts', `test.only('x', () => {})`, 'test.only'],
  ['core/src/base/ids.test.ts', `describe.skip('x', () => {})`, 'describe.skip'],
  ['core/src/base/ids.test.ts', `\ntest.concurrent.only('x', () => {})`, 'core/src/base/ids.test.ts:2: test.concurrent.only'],
  ['core/src/base/ids.ts', `// ${later}: more`, 'later'],
  ['core/src/base/ids.ts', '\n'.repeat(longestFile) + 'const x = 1', `${longestFile + 1} lines`],
])('untidy: %s: %s', (path, text, reason) => {
  expect(untidy({ path, text }).join('\n')).toContain(reason)
})

test.each([
  ['core/src/base/ids.ts', `export { a } from './a.ts'\nexport * as b from './b.ts'`],
  ['vitest.config.ts', `export default {}`],
  ['core/src/base/ids.test.ts', `test('only', () => {})\nstream.skip(1)`],
])('tidy: %s: %s', (path, text) => {
  expect(untidy({ path, text })).toEqual([])
})
