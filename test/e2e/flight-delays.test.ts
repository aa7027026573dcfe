import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embeddedLog } from '@millrace/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { expectedDelays } from './expected-delays.ts'
import { rowsOf, runExample } from './flight-example.ts'
import { killFlightExample } from './kill.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-e2e-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

test('the example prints the same rows as a computation apart from Millrace', async () => {
  const first = await runExample(['--data', folder, '--json'])
  expect(first.stderr).toBe('')
  expect(rowsOf(first)).toEqual(await expectedDelays({ all: false }))
})

test('the example says so when it has nothing left to do, and shows the same table', async () => {
  const first = await runExample(['--data', folder])
  const second = await runExample(['--data', folder])
  expect([first.code, second.code]).toEqual([0, 0])
  expect(first.stdout).toMatch(/Computed 20,000 flights in /)
  expect(second.stdout).toContain('All is done already')
  expect(tableIn(second.stdout)).toBe(tableIn(first.stdout))
})

test('the example begins anew with --fresh', async () => {
  await runExample(['--data', folder, '--json'])
  const again = await runExample(['--data', folder, '--fresh'])
  expect(again.stdout).toMatch(/Read 20,000 flights in /)
})

test('the example removes nothing that is not its own', async () => {
  await writeFile(join(folder, 'log'), 'precious')
  const refused = await runExample(['--data', folder, '--fresh'])
  expect(refused.code).toBe(1)
})

test('the example refuses --all on a directory filled without it', async () => {
  await runExample(['--data', folder, '--json'])
  const refused = await runExample(['--data', folder, '--all'])
  expect([refused.code, refused.stdout]).toEqual([1, ''])
  expect(refused.stderr).toMatch(/^The topic flights in this directory was filled from flights-20k\.json, .*Leave out --all.*\n$/)
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

test('the example refuses a directory that another process holds, and leaves it whole', async () => {
  await runExample(['--data', folder, '--json'])
  {
    await using _log = await embeddedLog({ dir: join(folder, 'log') })
    const refused = await runExample(['--data', folder, '--fresh'])
    expect([refused.code, refused.stdout]).toEqual([1, ''])
    expect(refused.stderr).toMatch(/^DATA_DIRECTORY_LOCKED: .*\n$/)
  }
  const after = await runExample(['--data', folder])
  expect(after.stdout).toContain('All is done already')
})

test('the example writes the same rows however often it is killed', { timeout: 60_000 }, async () => {
  await killFlightExample({ kills: 4, seed: 1, all: false })
})

function tableIn(stdout: string): string {
  return stdout.split('\n\n').slice(0, 4).join('\n\n')
}
