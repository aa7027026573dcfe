/** The documentation of the operators: every example compiles, and prints what its page says. */
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { examplesIn, headingsIn, type DocExample } from './doc-examples.ts'
import { operators } from './operators.ts'
import { runExamples, type DocRun } from './run-examples.ts'

const docs = fileURLToPath(new URL('../../streams/docs/', import.meta.url))
const names = (await readdir(docs)).filter((name) => name.endsWith('.md')).sort()
const pages = new Map(await Promise.all(names.map(async (name) => [name, await readFile(`${docs}${name}`, 'utf8')] as const)))
const examples = new Map<string, DocExample>()
for (const [name, page] of pages) for (const one of examplesIn(page)) examples.set(`${name.replace('.md', '')}-${one.line}`, one)

describe('the examples in the documentation', () => {
  let run: DocRun
  beforeAll(async () => {
    run = await runExamples(examples)
  }, 120_000)

  test('compile', () => expect(run.typeErrors).toBe(''))

  test.each([...examples].map(([name, { heading }]) => [name, heading]))('%s, %s: prints what the page says', (name) => {
    expect(run.outcomes[name]).toEqual({ printed: examples.get(name)!.expected })
  })
})

describe('the pages', () => {
  test.each(Object.entries(operators))('have every operator of %s, with an example', (_of, { methods, on }) => {
    const shown = on.flatMap((name) => examplesIn(pages.get(name)!).map(({ heading }) => heading))
    expect(methods.filter((method) => !shown.includes(method))).toEqual([])
  })

  test('have an example under every heading', () => {
    for (const [name, page] of pages) {
      if (name === 'README.md') continue
      const shown = examplesIn(page).map(({ heading }) => heading)
      expect([name, headingsIn(page).filter((heading) => !shown.includes(heading))]).toEqual([name, []])
    }
  })

  test('have no code that is not run', () => {
    for (const [name, page] of pages) expect([name, page.match(/^```ts$/gm)]).toEqual([name, null])
  })

  test('stand in the index, operator by operator', () => {
    const index = pages.get('README.md')!
    for (const [name, page] of pages) {
      if (name === 'README.md') continue
      for (const heading of headingsIn(page)) expect(index).toContain(`[${heading}](${name}#${anchorOf(heading)})`)
    }
  })
})

/** As GitHub makes it of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(' ', '-')
    .replaceAll(/[^\w-]/g, '')
}
