/**
 * The examples in a page of documentation: each block ```ts example, and the block ```text behind it, which is what it prints.
 *
 *   ```ts example
 *   show(builder.stream('in', texts))
 *   pipe('in', ['a', 'one', 5])
 *   ```
 *   ```text
 *   a = one @5
 *   ```
 */

export interface DocExample {
  /** The last heading before it. */
  readonly heading: string
  /** Of the first line of code in the page, from 1. */
  readonly line: number
  readonly code: string
  /** What the page says it prints; undefined: the page does not say it. */
  readonly expected: string | undefined
}

const block = /^```ts example\n([\s\S]*?)^```\n(?:\s*^```text\n([\s\S]*?)^```)?/gm

export function examplesIn(page: string): readonly DocExample[] {
  return [...page.matchAll(block)].map((found) => {
    const before = page.slice(0, found.index)
    return {
      heading: headingsIn(before).at(-1) ?? '',
      line: before.split('\n').length + 1,
      code: found[1]!,
      expected: found[2]?.trimEnd(),
    }
  })
}

/** The headings of operators and topics: all but the title of the page. */
export function headingsIn(page: string): readonly string[] {
  return [...page.matchAll(/^##+ (.*)$/gm)].map(([, heading]) => heading!.replaceAll('`', ''))
}
