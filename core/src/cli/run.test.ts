import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { embeddedLog } from '../open/embedded-log.ts'
import { commands } from './commands.ts'
import { millrace } from './millrace.fixtures.ts'

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
  [['verify', '--dri', 'x'], 2, /there is no option --dri; did you mean --dir\?[\s\S]*millrace verify --dir DIR/],
  [['verifi', '--dir', 'x'], 2, /there is no command verifi; did you mean verify\?/],
  [['help', 'verifi'], 2, /there is no command verifi; did you mean verify\?/],
  [['verify', 'x'], 2, /x is no option/],
  [['verify', '--dir', 'x', '--dir=y'], 2, /--dir is given twice/],
  [['verify', '--dir'], 2, /--dir needs a value: DIR/],
  [['verify', '--dir', '--json'], 2, /--dir needs a value: DIR/],
  [['verify', '--dir', 'x', '--json=yes'], 2, /--json takes no value/],
  [['broker', '--dir', 'x', '--config', '/nowhere/at/all'], 1, /NOT_A_FILE/],
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

test('help of one command says its options, their defaults, and what else there is', async () => {
  for (const args of [
    ['broker', '--help'],
    ['help', 'broker'],
  ]) {
    const { code, out } = await millrace(...args)
    expect(code).toBe(0)
    expect(out).toMatch(/^millrace broker --dir DIR \[--listen \[NAME:\/\/\]HOST:PORT…\] \[--config FILE\]/)
    expect(out).toContain('When it is ready it prints one line')
  }
  expect((await millrace('dump-log', '--help')).out).toMatch(/--index-interval-bytes N .*\(default 4096\)/)
})

test.each(['bash', 'zsh'])('completion for %s is a script that %s takes, with every command and flag in it', async (shell) => {
  const { code, out } = await millrace('completion', shell)
  expect(code).toBe(0)
  for (const { name, options } of commands) for (const word of [name, ...Object.keys(options)]) expect(out).toContain(word)
  const checked = spawnSync(shell, ['-n'], { input: out })
  if (checked.error === undefined)
    expect({ status: checked.status, stderr: String(checked.stderr) }).toEqual({ status: 0, stderr: '' })
})

test('bash completes commands, actions and flags', async () => {
  const { out } = await millrace('completion', 'bash')
  const complete = (line: string): string => {
    const words = line.split(' ')
    const script = `complete() { :; }\n${out}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})\nCOMP_CWORD=${words.length - 1}\n_millrace\necho "\${COMPREPLY[*]}"`
    return String(spawnSync('bash', ['-c', script]).stdout).trim()
  }
  expect(complete('millrace bro')).toBe('broker')
  expect(complete('millrace completion z')).toBe('zsh')
  expect(complete('millrace broker --l')).toBe('--listen')
})

test('a command of a package that has none says what to install', () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, ['--conditions=@millrace/source', main, 'streams', 'describe'])
  expect({ status, stderr: String(stderr) }).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('npm install @millrace/streams'),
  })
})
