/** The port of a store engine, run on every implementation. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fc, test } from '@fast-check/vitest'
import { MillraceError } from '@millrace/core'
import { afterEach, describe, expect } from 'vitest'
import { SimStoreEngines } from '../testing/sim-store-engine.ts'
import type { EngineEntry, ScanRange, StoreEngine, StoreEngines } from './engine.ts'
import { ClassicLevelEngines } from './engines/classic-level-engine.ts'
import { MemoryEngines } from './engines/memory-engine.ts'
import { StillClock } from './state.fixtures.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))
const textOf = (given: Uint8Array | undefined): string | undefined => given && Buffer.from(given).toString('latin1')
const everything: ScanRange = { from: new Uint8Array(0), to: Uint8Array.of(0xff, 0xff) }

const folders: string[] = []

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-engine-'))
  folders.push(folder)
  return join(folder, 'store')
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

type Row = readonly [key: string, value: string | null]

async function write(engine: StoreEngine, rows: readonly Row[]): Promise<void> {
  const batch = engine.batch()
  for (const [key, value] of rows) {
    if (value === null) batch.delete(bytes(key))
    else batch.put(bytes(key), bytes(value))
  }
  await batch.write()
}

async function scanned(entries: AsyncIterable<readonly EngineEntry[]>): Promise<(string | undefined)[][]> {
  const rows: (string | undefined)[][] = []
  for await (const page of entries) for (const [key, value] of page) rows.push([textOf(key), textOf(value)])
  return rows
}

const implementations: (() => StoreEngines)[] = [
  () => new MemoryEngines(),
  () => new SimStoreEngines({ clock: new StillClock() }),
  () => new ClassicLevelEngines(),
]

describe.each(implementations.map((make) => [make().name, make] as const))('the %s engine', (_name, make) => {
  const text = fc.uint8Array({ maxLength: 3 }).map((key) => Buffer.from(key).toString('latin1'))
  const rows = fc.array(fc.tuple(text, fc.option(text)), { maxLength: 30 })

  test.prop([fc.array(rows, { maxLength: 4 }), text, text], { numRuns: 25 })(
    'reads what the batches wrote, key by key and in order',
    async (batches, from, to) => {
      const engine = await make().open(temporaryFolder())
      const model = new Map<string, string>()
      for (const batch of batches) {
        await write(engine, batch)
        for (const [key, value] of batch) {
          if (value === null) model.delete(key)
          else model.set(key, value)
        }
      }
      for (const [key] of batches.flat()) expect(textOf(engine.get(bytes(key)))).toBe(model.get(key))
      const inRange = [...model].filter(([key]) => key >= from && key < to).sort(([a], [b]) => (a < b ? -1 : 1))
      expect(await scanned(engine.scan({ from: bytes(from), to: bytes(to) }))).toEqual(inRange)
      expect(await scanned(engine.scan({ from: bytes(from), to: bytes(to), reverse: true }))).toEqual(inRange.toReversed())
      expect(await scanned(engine.scan({ from: bytes(from), to: bytes(to), keysOnly: true }))).toEqual(
        inRange.map(([key]) => [key, '']),
      )
      await engine.close()
    },
  )

  test('shows nothing of a batch before its write, and all of it after', async () => {
    const engine = await make().open(temporaryFolder())
    const batch = engine.batch()
    batch.put(bytes('a'), bytes('1'))
    batch.put(bytes('b'), bytes('2'))
    expect(engine.get(bytes('a'))).toBeUndefined()
    await batch.write()
    expect([textOf(engine.get(bytes('a'))), textOf(engine.get(bytes('b')))]).toEqual(['1', '2'])
    await engine.close()
  })

  test('scans the rows of the moment when it was asked to', async () => {
    const engine = await make().open(temporaryFolder())
    await write(engine, [['a', '1']])
    const scan = engine.scan(everything)
    await write(engine, [
      ['a', '2'],
      ['b', '2'],
    ])
    expect(await scanned(scan)).toEqual([['a', '1']])
    await engine.close()
  })

  test('scans more rows than one page', async () => {
    const engine = await make().open(temporaryFolder())
    const many = Array.from({ length: 2_345 }, (_, i): Row => [String(i).padStart(5, '0'), 'x'])
    await write(engine, many)
    expect(await scanned(engine.scan(everything))).toEqual(many)
    await engine.close()
  })

  test('keeps nothing of the arrays that it is given', async () => {
    const engine = await make().open(temporaryFolder())
    const reused = Uint8Array.of(1, 2, 3)
    const batch = engine.batch()
    batch.put(reused.subarray(0, 1), reused.subarray(1))
    reused.fill(9)
    await batch.write()
    expect(textOf(engine.get(Uint8Array.of(1)))).toBe('\x02\x03')
    await engine.close()
  })

  test('keeps its rows over a close, or says that it does not', async () => {
    const engines = make()
    const folder = temporaryFolder()
    const first = await engines.open(folder)
    await write(first, [['a', '1']])
    await first.close()
    const second = await engines.open(folder)
    expect(textOf(second.get(bytes('a')))).toBe(engines.lossy ? undefined : '1')
    await second.close()
  })

  test('is gone after a wipe, which may find nothing', async () => {
    const engines = make()
    const folder = temporaryFolder()
    await engines.wipe(folder)
    const first = await engines.open(folder)
    await write(first, [['a', '1']])
    await first.close()
    await engines.wipe(folder)
    const second = await engines.open(folder)
    expect(await scanned(second.scan(everything))).toEqual([])
    await second.close()
  })

  test('lets one handle in at a time, and none be wiped under it', async () => {
    const engines = make()
    if (engines.lossy) return
    const folder = temporaryFolder()
    const engine = await engines.open(folder)
    await write(engine, [['a', '1']])
    for (const attempt of [() => engines.open(folder), () => engines.wipe(folder)]) {
      const error = await attempt().then(
        () => null,
        (thrown: unknown) => thrown,
      )
      expect(error instanceof MillraceError && error.code).toBe('STATE_DIRECTORY_LOCKED')
    }
    expect(textOf(engine.get(bytes('a')))).toBe('1')
    await engine.close()
  })
})
