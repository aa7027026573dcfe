import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embeddedLog } from '@millrace/core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { expectedDelays } from './expected-delays.ts'
import { rowsOf, runExample } from './flight-example.ts'
import { killFlightExample } from './kill.ts'
import type { Ending } from './real-process.ts'

/** Filled by the first run; what the tests do with it leaves it as it is. */
let filled: string
let first: Ending
/** Empty. */
let folder: string

beforeAll(async () => {
  filled = await mkdtemp(join(tmpdir(), 'millrace-e2e-'))
  first = await runExample(['--data', filled])
}, 60_000)
afterAll(() => rm(filled, { recursive: true }))
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-e2e-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('the example shows the worst airports and how fast it was', () => {
  expect([first.code, first.stderr]).toEqual([0, expect.stringMatching(/^Read .*\nComputed .*\n$/)])
  expect(first.stdout).toMatch(/Read 20,000 flights in .*\nComputed 20,000 flights in .*\n/)
  expect(first.stdout).toContain(`The log lies in ${filled}/log, the state in ${filled}/state.`)
})

test('the example says so when it has nothing left to do, and shows the same table', async () => {
  const again = await runExample(['--data', filled])
  expect([again.code, again.stderr]).toEqual([0, ''])
  expect(again.stdout).toContain('All is done already')
  expect(tableIn(again.stdout)).toBe(tableIn(first.stdout))
})

test('the example prints the same rows as a computation apart from Millrace, and nothing else', async () => {
  const expected = await expectedDelays({ all: false })
  const later = await runExample(['--data', filled, '--json'])
  expect(rowsOf(later)).toEqual(expected)
  const atOnce = await runExample(['--data', folder, '--json'])
  expect(rowsOf(atOnce)).toEqual(expected)
  expect([later.stderr, atOnce.stderr]).toEqual(['', ''])
})

test('the example begins anew with --fresh', async () => {
  const anew = await runExample(['--data', filled, '--fresh'])
  expect(anew.stdout).toMatch(/Read 20,000 flights in /)
})

test('the example refuses --all on a directory filled without it', async () => {
  const refused = await runExample(['--data', filled, '--all'])
  expect([refused.code, refused.stdout]).toEqual([1, ''])
  expect(refused.stderr).toMatch(/^The topic flights in this directory was filled from flights-20k\.json, .*Leave out --all.*\n$/)
})

test('the example refuses a directory that another process holds, and leaves it whole', async () => {
  await using _log = await embeddedLog({ dir: join(filled, 'log') })
  for (const options of [[], ['--fresh']]) {
    const refused = await runExample(['--data', filled, ...options])
    expect([refused.code, refused.stdout]).toEqual([1, ''])
    expect(refused.stderr).toMatch(/^DATA_DIRECTORY_LOCKED: .*\n$/)
  }
  expect(await readdir(join(filled, 'state'))).toEqual(['flight-delays'])
})

test('the example removes nothing that is not its own', async () => {
  await mkdir(join(folder, 'log'))
  await writeFile(join(folder, 'log', 'file'), 'precious')
  const refused = await runExample(['--data', folder, '--fresh'])
  expect([refused.code, refused.stdout]).toEqual([1, ''])
  expect(refused.stderr).toMatch(/nothing was removed/)
  expect(await readdir(join(folder, 'log'))).toEqual(['file'])
})

test('the example refuses an unknown option with exit code 2', async () => {
  const refused = await runExample(['--dat', folder])
  expect([refused.code, refused.stdout, refused.stderr]).toEqual([2, '', "Unknown option '--dat'. --help shows the options.\n"])
})

test('the example refuses a file in place of a directory with one message', async () => {
  const file = join(folder, 'file')
  await writeFile(file, '')
  const refused = await runExample(['--data', file])
  expect([refused.code, refused.stdout]).toEqual([1, ''])
  expect(refused.stderr).toMatch(/^[A-Z_]+: .*\n$/)
})

test('the example writes the same rows however often it is killed', { timeout: 60_000 }, async () => {
  await killFlightExample({ kills: 4, seed: 1, all: false })
})

function tableIn(stdout: string): string {
  return stdout.split('\n\n').slice(0, 4).join('\n\n')
}
