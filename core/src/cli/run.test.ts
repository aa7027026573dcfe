import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
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

test('dump-log prints lines of JSON, and compares an index with its segment', async () => {
  const partition = join(folder, 'words-0')
  const files = readdirSync(partition).map((name) => join(partition, name))
  const logs = files.filter((file) => file.endsWith('.log'))
  const index = files.find((file) => file.endsWith('.index'))
  const { out } = await millrace('dump-log', '--files', logs.join(','), '--print-data-log', '--json')
  const [batch, marker] = out.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
  const record = { offset: 0, timestamp: 5, key: Buffer.from('key').toString('base64'), value: 'dmFsdWU=', headers: [] }
  expect(batch).toMatchObject({ baseOffset: 0, count: 1, CreateTime: 5, compresscodec: 'none', records: [record] })
  expect(marker).toMatchObject({ isControl: true, records: [{ offset: 1, endTxnMarker: 'COMMIT', coordinatorEpoch: 0 }] })
  expect(await millrace('dump-log', '--files', index!, '--verify-index-only')).toMatchObject({ code: 0, out: `Dumping ${index}` })
  const copy = mkdtempSync(join(tmpdir(), 'millrace-cli-index-'))
  cpSync(partition, copy, { recursive: true })
  writeFileSync(join(copy, basename(index!)), Buffer.alloc(8))
  const differing = await millrace('dump-log', '--files', join(copy, basename(index!)), '--verify-index-only')
  expect(differing).toMatchObject({ code: 1, out: expect.stringMatching(/1 entries, expected 0/) })
  rmSync(copy, { recursive: true })
})

test.each([
  [['nonsense'], 2, /there is no command nonsense/],
  [['verify'], 2, /--dir is missing[\s\S]*millrace verify --dir DIR/],
  [['verify', '--dri', 'x'], 2, /dri/],
  [['verify', '--dir', '/nowhere/at/all'], 1, /DATA_DIRECTORY_MISSING/],
  [['dump-log', '--files', '/nowhere/0.log'], 1, /NOT_A_FILE/],
  [['dump-log', '--files', '/dev/null'], 1, /NOT_A_FILE/],
  [['dump-log', '--files', 'x.index', '--index-interval-bytes', 'x'], 2, /takes a number/],
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
