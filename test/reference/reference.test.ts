import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { withReference } from './reference.ts'

test('the tables of core/README.md are those that `npm run reference` prints', () => {
  const page = readFileSync(new URL('../../core/README.md', import.meta.url), 'utf8')
  expect(withReference(page)).toBe(page)
})

test('a page without the markers is refused', () => {
  expect(() => withReference('# Nothing')).toThrow(/needs the lines/)
})
