import { expect, test } from 'vitest'
import { simWorld } from '../../simulation/sim-world.ts'
import type { SaslStep } from './mechanism.ts'
import { plain } from './plain.ts'

function said(token: string): SaslStep | Promise<SaslStep> {
  return plain({ alice: 'wonder', constructor: 'x' }, simWorld({ seed: 1 }).random)
    .begin()
    .step(Buffer.from(token))
}

test.each(['\0alice\0wonder', 'alice\0alice\0wonder', '\0constructor\0x'])('PLAIN takes %j', async (token) => {
  expect((await said(token)).kind).toBe('done')
})

test.each([
  '\0alice\0wander',
  '\0alice\0wonder\0',
  'bob\0alice\0wonder',
  '\0bob\0wonder',
  '\0alice\0',
  '\0\0wonder',
  'alice\0wonder',
  '\0toString\0x',
  '\0__proto__\0x',
  '',
])('SEC-3: PLAIN refuses %j', async (token) => {
  expect((await said(token)).kind).toBe('refused')
})
