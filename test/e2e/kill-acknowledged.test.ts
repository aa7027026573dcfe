import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { killAcknowledged } from './kill-acknowledged.ts'

test('the log holds what was acknowledged however often its process is killed', { timeout: 60_000 }, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-acknowledged-'))
  const { acknowledged } = await killAcknowledged({ rounds: 12, seed: 1, dir })
  expect(acknowledged).toBeGreaterThan(100)
  await rm(dir, { recursive: true })
})
