import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fuzzMemory } from './fuzz-memory.ts'
import { fuzzSockets } from './fuzz-sockets.ts'

let dir = ''

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'millrace-fuzz-'))
})

afterEach(() => rmSync(dir, { recursive: true, force: true }))

// A million of them: `npm run fuzz:wire`, as a step of its own.
test('SEC-15: what has to come of a malformed frame comes of it, in memory', { timeout: 60_000 }, async () => {
  const { frames, answered, closed, refused } = await fuzzMemory({ frames: 4_000, seed: 1, lanes: 8, dir })
  expect(frames).toBeGreaterThanOrEqual(4_000)
  for (const count of [answered, refused, closed]) expect(count).toBeGreaterThan(frames / 20)
})

test('SEC-15: and over sockets, while a client in good order is served', { timeout: 120_000 }, async () => {
  const { frames, canary, inSingleBytes } = await fuzzSockets({ frames: 1_000, seed: 1, lanes: 8, dir, memoryMib: 768 })
  expect(frames).toBeGreaterThanOrEqual(1_000)
  expect(inSingleBytes).toBeGreaterThan(0)
  expect(canary).toBeGreaterThan(0)
})
