import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { pages, withReference } from './reference.ts'

test.each(Object.entries(pages))('the tables of %s are those that `npm run reference` prints', (path, sections) => {
  const page = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
  expect(withReference(page, sections)).toBe(page)
})

test('a page without the markers is refused', () => {
  expect(() => withReference('# Nothing', pages['core/README.md']!)).toThrow(/needs the lines/)
})
