import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { namePattern } from './name-pattern.ts'

/** Patterns of the language, of letters that the names have. */
const { pattern: someOf } = fc.letrec<{ pattern: string; piece: string; single: string }>((tie) => ({
  pattern: fc
    .array(fc.array(tie('piece'), { maxLength: 3 }), { minLength: 1, maxLength: 3 })
    .map((options) => options.map((pieces) => pieces.join('')).join('|')),
  piece: fc.tuple(tie('single'), fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,}', '{0,2}')).map((parts) => parts.join('')),
  single: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom('a', 'b', '-', '.', '[ab]', '[^a]', '[]a]', '\\.', '\\w', '\\d'),
    tie('pattern').map((inner) => `(${inner})`),
    tie('pattern').map((inner) => `(?:${inner})`),
  ),
}))
/** Not so large that it is refused. */
const anyPattern = someOf.filter(({ length }) => length <= 40)
const anyName = fc.array(fc.constantFrom('a', 'b', '-', '.', ']', '1'), { maxLength: 6 }).map((letters) => letters.join(''))

property.prop([anyPattern, fc.array(anyName, { minLength: 1, maxLength: 10 })])(
  'matches what an expression matches that has to match all of the name',
  (pattern, names) => {
    const { matches } = namePattern(pattern)
    const expression = new RegExp(`^(?:${pattern.replaceAll('[]a]', '[\\]a]')})$`, 'su')
    for (const name of names) expect([name, matches(name)]).toEqual([name, expression.test(name)])
  },
)

test('SEC-24: takes no time that grows with the ways through it', () => {
  const { matches } = namePattern('((a+)+|(a|a)*|.*.*.*.*)b')
  expect(matches('a'.repeat(8_000))).toBe(false)
  expect(matches(`${'a'.repeat(8_000)}b`)).toBe(true)
})

test.each([
  '(',
  ')',
  'a)',
  '*',
  'a**',
  '[',
  '[a',
  'a{',
  'a{2',
  'a{3,2}',
  'a{9999}',
  '\\',
  '\\1',
  '(?=a)',
  '(?<n>a)',
  'a^',
  '[b-a]',
])('%s is no pattern', (text) => expect(() => namePattern(text)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' })))

test('SEC-24: one that is laid out too large is refused', () => {
  expect(() => namePattern('((((a{99}){99}){99}){99}){99}')).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  expect(() => namePattern('('.repeat(10_000))).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})

test('anchors change nothing', () => expect(namePattern('^a.*$').matches('ab')).toBe(true))
