/**
 * The real engine against a plain model, through crashes and damage: what comes out after open, verify and restore is what was
 * committed, or the engine was wiped on the way; never a wrong value. It also keeps the simulated engine honest: if a future
 * classic-level behaves better, the tests of its weaknesses tell.
 */
import { fork } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fc, test } from '@fast-check/vitest'
import { afterAll, describe, expect } from 'vitest'
import type { StoreEngines } from '../engine.ts'
import { commands } from '../state-commands.fixtures.ts'
import { ModelTask, type Command } from '../state-model.fixtures.ts'
import { ClassicLevelEngines } from './classic-level-engine.ts'
import { keyOf, openCounts, rowCount, type ReadRows } from './read-rows.fixtures.ts'

const root = mkdtempSync(join(tmpdir(), 'millrace-state-'))
let folders = 0
const newFolder = (): string => join(root, String(folders++))

afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Engines in one folder, whatever folder they are asked for: the sentinel's disk is not a real one. */
function enginesIn(folder: string): StoreEngines {
  const engines = new ClassicLevelEngines()
  return { name: engines.name, lossy: false, open: () => engines.open(folder), wipe: () => engines.wipe(folder) }
}

/** The task after a crash of its process: a copy of its folder, taken while it is open. */
async function crashed(task: ModelTask, folder: string, damage: (copy: string) => void = () => {}): Promise<ModelTask> {
  const copy = newFolder()
  cpSync(folder, copy, { recursive: true })
  damage(copy)
  const next = task.after(enginesIn(copy))
  await next.open()
  return next
}

async function run(sequence: readonly Command[], folder: string, limits = { flushRecords: 3 }): Promise<ModelTask> {
  const task = new ModelTask({ engines: () => enginesIn(folder), limits })
  await task.open()
  for (const command of sequence) await task.run(command)
  return task
}

describe('the state of a task on classic-level', () => {
  test.prop([commands], { numRuns: 30 })('equals plain maps through closes, restarts and crashes', async (sequence) => {
    const folder = newFolder()
    const task = await run(sequence, folder)
    const next = await crashed(task, folder)
    expect(next.state.wiped).toBeNull()
    await next.state.close()
    await task.state.close()
  })
})

/** Forty commits, each flushed: the log of LevelDB then has several of its blocks of 32 KiB. */
const longHistory: Command[] = Array.from({ length: 40 }, (_, i): Command[] => [
  { do: 'put', at: { store: i % 4, key: i % 3, start: i % 2 }, value: i },
  { do: i % 5 === 0 ? 'delete' : 'put', at: { store: (i + 1) % 4, key: i % 2, start: 0 }, value: -i },
  { do: 'freeze' },
  { do: 'commit' },
  { do: 'flush', wait: true },
]).flat()

const filesOf = (folder: string, kind: RegExp): string[] =>
  readdirSync(folder)
    .filter((name) => kind.test(name))
    .map((name) => join(folder, name))

function flip(path: string, at: number, bit: number): void {
  const content = readFileSync(path)
  content[at]! ^= 1 << bit
  writeFileSync(path, content)
}

function zero(path: string, block: number): void {
  const content = readFileSync(path)
  content.fill(0, block * 32_768, (block + 1) * 32_768)
  writeFileSync(path, content)
}

describe('damage of a classic-level folder', async () => {
  const folder = newFolder()
  const task = await run(longHistory, folder)
  const [log = ''] = filesOf(folder, /\.log$/)
  const logBytes = statSync(log).size
  const logOf = (copy: string): string => filesOf(copy, /\.log$/)[0]!

  afterAll(() => task.state.close())

  test.prop([fc.nat(logBytes - 1), fc.nat(7)], { numRuns: 60 })(
    'by one flipped bit of its log is found, or lost only what the changelog has',
    async (at, bit) => {
      const next = await crashed(task, folder, (copy) => flip(logOf(copy), at, bit))
      await next.state.close()
    },
  )

  test('by a block of zeros in the middle of its log is a hole that LevelDB opens with, and that the chain finds', async () => {
    const next = await crashed(task, folder, (copy) => zero(logOf(copy), 1))
    expect(next.state.wiped).toMatch(/batch \d+ of the engine is missing/)
    await next.state.close()
  })

  test.prop([fc.nat(logBytes)], { numRuns: 20 })('by a log that was cut short is made good from the changelog', async (size) => {
    const next = await crashed(task, folder, (copy) => truncateSync(logOf(copy), size))
    expect(next.state.wiped).toBeNull()
    await next.state.close()
  })

  test.each([/^CURRENT$/, /^MANIFEST/])('by losing half of %s is found', async (kind) => {
    const next = await crashed(task, folder, (copy) => {
      for (const path of filesOf(copy, kind)) truncateSync(path, Math.floor(statSync(path).size / 2))
    })
    await next.state.close()
  })

  test.each([/^CURRENT$/, /^MANIFEST/, /\.log$/])('by losing %s whole is found', async (kind) => {
    const next = await crashed(task, folder, (copy) => filesOf(copy, kind).forEach((path) => rmSync(path)))
    await next.state.close()
  })
})

/** Null when the process died of it. */
function readElsewhere(folder: string): Promise<ReadRows | null> {
  return new Promise((resolve) => {
    const child = fork(join(import.meta.dirname, 'read-rows.fixtures.ts'), [folder], { stdio: 'ignore' })
    let read: ReadRows | null = null
    child.on('message', (message) => (read = message as ReadRows))
    child.on('exit', () => resolve(read))
  })
}

describe('rot in a table file', async () => {
  const sound = join(root, 'sound')
  const state = await openCounts(sound)
  const store = state.keyValueStore<string, number>('counts')
  for (let row = 0; row < rowCount; row++) store.put(keyOf(row), row, row)
  state.freeze(() => ({ append: () => {} }))
  state.commitSucceeded(
    [{ store: 'counts', position: rowCount, newestOffset: rowCount - 1, producerId: 1, producerEpoch: 1, leaderEpoch: 0 }],
    1,
  )
  await state.close()
  // LevelDB moves what is in its log to a table file when it opens.
  await (await openCounts(sound)).close()
  const [table = ''] = filesOf(join(sound, 'store'), /\.ldb$/)

  // Rows whose keys rot away are missed without a sign: that needs a count of all rows (reliability.md, M5).
  test.prop([fc.nat(statSync(table).size - 1), fc.nat(7)], { numRuns: 12 })('never shows a wrong value', async (at, bit) => {
    const folder = join(root, `rotten-${folders++}`)
    cpSync(sound, folder, { recursive: true })
    flip(filesOf(join(folder, 'store'), /\.ldb$/)[0]!, at, bit)
    const read = await readElsewhere(folder)
    const rows = read === null || read.wiped ? [] : read.rows
    for (const [row, found] of rows.entries()) expect([row, 'missing', { code: 'STORE_CORRUPT' }]).toContainEqual(found)
  })
})
