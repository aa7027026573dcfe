import { fc } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { frameOf, messageIn } from './any-frame.fixtures.ts'
import { messageArbitrary, messageCases } from './messages.fixtures.ts'

describe.each(messageCases)('$name $kind v$version', (messageCase) => {
  test('what was encoded is decoded', () => {
    fc.assert(
      fc.property(messageArbitrary(messageCase), (message) => {
        expect(messageIn(messageCase, frameOf(messageCase, message))).toEqual(message)
      }),
      { numRuns: 20 },
    )
  })
})
