import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { killBroker } from './kill-broker.ts'

// Twenty and more: `npm run prove:wire-kills`, as a step of its own.
test('what a broker has answered over the wire holds when it is killed under load', { timeout: 120_000 }, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-wire-kills-'))
  const { answered, transactions } = await killBroker({ rounds: 2, seed: 3, dir })
  expect(answered).toBeGreaterThan(0)
  expect(transactions).toBeGreaterThan(0)
  await rm(dir, { recursive: true })
})
