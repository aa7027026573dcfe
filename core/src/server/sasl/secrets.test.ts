import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** What is compared with === or !== tells by its time where it differs; of secrets only whether they are there may be asked so. */
const comparison =
  /\b\w*(?:password|secret|proof|signature|digest|storedKey|clientKey|serverKey)\w*\b\)?\s*[!=]==(?!\s*(?:''|null\b|undefined\b))/i

test('SEC-7: secrets are compared in constant time', () => {
  const folders = ['./', '../../broker/', '../../cli/']
  const files = folders.flatMap((folder) => {
    const url = new URL(folder, import.meta.url)
    return readdirSync(url, { withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
      .map(({ name }) => [name, readFileSync(new URL(name, url), 'utf8')] as const)
  })
  expect(files.length).toBeGreaterThan(20)
  expect(files.filter(([, text]) => comparison.test(text)).map(([name]) => name)).toEqual([])
  expect(comparison.test('if (proof === expected)')).toBe(true)
})
