import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../', import.meta.url)

/** Rows of the tables end with a test: its file, and its title. */
const rows = [...readFileSync(new URL('../core/docs/clients.md', root), 'utf8').matchAll(/\| `([^`]+\.test\.ts)`: (.+?) +\|$/gm)]

test('the tests that the page of clients names are there', () => {
  expect(rows.length).toBeGreaterThan(40)
  for (const [, path, title] of rows) {
    const file = new URL(path!, root)
    expect(existsSync(file), path).toBe(true)
    expect(readFileSync(file, 'utf8'), path).toContain(title)
  }
})
