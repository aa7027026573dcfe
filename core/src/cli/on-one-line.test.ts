import { expect, test } from 'vitest'
import { onOneLine } from './on-one-line.ts'

test('SEC-25: what a client says begins no line of its own, and tells a terminal nothing', () => {
  expect(onOneLine('a\r\nmillrace broker: ready\u2028b\u001b[2Jc\u0000d\u009be')).toBe('a millrace broker: ready b [2Jc d e')
  expect(onOneLine('Grüße, 🌊')).toBe('Grüße, 🌊')
})
