import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { benches } from './benches.ts'

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
