import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { embeddedLog } from '../open/embedded-log.ts'
import { nodeWorld } from '../platform/node-world.ts'
import { runCommand } from './run.ts'

let folder = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'))
  const log = await embeddedLog({ dir: folder })
  await log.admin.createTopics([{ topic: 'words', partitions: 1 }])
  const producer = await log.producer({ transactionalId: 'a' })
  const batch = producer.batch('words', 0)
  batch.append('key', 'value', 5)
  await producer.transact({ batches: [batch] })
  await log.close()
})

afterAll(() => rmSync(folder, { recursive: true }))

async function millrace(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const out: string[] = []
  const err: string[] = []
  const code = await runCommand(args, { world: nodeWorld(), out: (line) => out.push(line), err: (line) => err.push(line) })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

test('verify finds no damage in a log that was closed', async () => {
  expect(await millrace('verify', '--dir', folder)).toMatchObject({ code: 0, out: expect.stringContaining('no damage found') })
})

test('dump-log prints batches, markers and records, and reads every kind of file', async () => {
  const partition = join(folder, 'words-0')
  const files = readdirSync(partition)
    .filter((name) => /\.(log|index|timeindex|snapshot)$/.test(name))
    .map((name) => join(partition, name))
  const { code, out } = await millrace('dump-log', '--files', files.join(','), '--print-data-log')
  expect(code).toBe(0)
  expect(out).toMatch(/baseOffset: 0 lastOffset: 0 count: 1 .*isTransactional: true isControl: false/)
  expect(out).toMatch(/key: key payload: value/)
  expect(out).toMatch(/endTxnMarker: COMMIT/)
})

test.each([
  [['nonsense'], 2, /there is no command nonsense/],
  [['verify'], 2, /--dir is missing[\s\S]*millrace verify --dir DIR/],
  [['verify', '--dri', 'x'], 2, /dri/],
  [['verify', '--dir', '/nowhere/at/all'], 1, /DATA_DIRECTORY_MISSING/],
  [['dump-log', '--files', '/nowhere/0.log'], 1, /NOT_A_FILE/],
])('%j ends with exit code %i and says why', async (args, code, message) => {
  const result = await millrace(...args)
  expect(result.code).toBe(code)
  expect(result.err).toMatch(message)
})

test('help lists the commands', async () => {
  const { out } = await millrace()
  expect(out).toContain('millrace verify --dir DIR')
  expect(out).toContain('millrace dump-log --files')
})

test('a command of a package that has none says what to install', () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, ['--conditions=@millrace/source', main, 'streams', 'describe'])
  expect({ status, stderr: String(stderr) }).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('npm install @millrace/streams'),
  })
})
