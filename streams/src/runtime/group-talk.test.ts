import { expect, test } from 'vitest'
import { readClaim, readLeadersWord, writeClaim, writeLeadersWord } from './group-talk.ts'

test('what instances tell each other comes back as it was', () => {
  const claim = { instance: 'a1', server: 'a:8080', held: ['0_0', '1_2'] }
  expect(readClaim(writeClaim(claim))).toEqual(claim)
  expect(readClaim(writeClaim({ ...claim, server: null }))).toEqual({ ...claim, server: null })
  const word = { standby: ['0_1'], instances: [{ instance: 'a1', server: null, active: ['0_0'], standby: [] }] }
  expect(readLeadersWord(writeLeadersWord(word))).toEqual(word)
})

test('what is not understood is nothing, and no error: the group goes on', () => {
  const foreign = [
    null,
    '',
    'x',
    'null',
    '[]',
    '{}',
    '{"v":2,"instance":"a","held":[]}',
    '{"v":1,"instance":5,"held":[]}',
    '{"v":1,"instance":"a","held":[1]}',
  ]
  for (const text of foreign) {
    const bytes = text === null ? null : Buffer.from(text)
    expect(readClaim(bytes)).toBeNull()
    expect(readLeadersWord(bytes)).toEqual({ standby: [], instances: [] })
  }
  expect(readLeadersWord(Buffer.from('{"v":1,"standby":[],"instances":[{"instance":"a"}]}')).instances).toEqual([
    { instance: 'a', server: null, active: [], standby: [] },
  ])
})
