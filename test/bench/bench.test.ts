import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { benches } from './benches.ts'
import { steadyMemory } from './steady-memory.ts'

describe('the benchmarks, tiny', () => {
  test.each(benches.map((bench) => [bench.id, bench] as const))('%s measures its records', async (id, bench) => {
    const directory = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
    try {
      const row = await bench.run({ scale: 'tiny', directory })
      expect(row.row).toBe(id)
      expect(row.records).toBeGreaterThan(0)
      expect(row.recordsPerSecond).toBeGreaterThan(0)
      expect(row.ratio).toBeGreaterThan(0)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
})

test('the benchmarks of the log alone need no Java', () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  const run = spawnSync(process.execPath, ['--conditions=@millrace/source', main, '--help'], {
    encoding: 'utf8',
    env: { PATH: '' },
  })
  expect(run).toMatchObject({ status: 0, stdout: expect.stringContaining('append-durable') })
})

test('the load that watches memory runs, and judges what it saw', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-steady-'))
  try {
    const lines: string[] = []
    const { records, before, after } = await steadyMemory({
      dir,
      durationMs: 400,
      intervalMs: 50,
      say: (line) => lines.push(line),
    })
    expect(records).toBeGreaterThan(0)
    expect(lines.length).toBeGreaterThan(0)
    expect(before.heapMb).toBeGreaterThan(0)
    expect(after.heapMb).toBeGreaterThan(0)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})
