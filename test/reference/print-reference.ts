import { readFileSync, writeFileSync } from 'node:fs'
import { pages, withReference } from './reference.ts'

for (const [path, sections] of Object.entries(pages)) {
  const page = new URL(`../../${path}`, import.meta.url)
  writeFileSync(page, withReference(readFileSync(page, 'utf8'), sections))
}
