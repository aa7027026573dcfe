import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { millrace, millraceWith } from './millrace.fixtures.ts'

let dir = ''

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'millrace-users-'))
})

afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('the first user of a data directory is made, listed and removed; the password comes from standard input or a file', async () => {
  const first = await millraceWith('wonder\nland', 'users', 'set', '--dir', dir, '--user', 'alice')
  expect(first).toEqual({ code: 0, out: 'alice can log in with SCRAM-SHA-512', err: '' })
  const file = join(dir, 'password')
  writeFileSync(file, 'pencil\r\n')
  const more = ['--mechanism', 'SCRAM-SHA-256', '--password-file', file, '--iterations', '8192']
  expect((await millrace('users', 'set', '--dir', dir, '--user', 'bob', ...more)).code).toBe(0)
  const listed = await millrace('users', 'list', '--dir', dir, '--json')
  expect(JSON.parse(listed.out)).toEqual([
    { user: 'alice', mechanism: 'SCRAM-SHA-512', iterations: 4096 },
    { user: 'bob', mechanism: 'SCRAM-SHA-256', iterations: 8192 },
  ])
  const removed = await millrace('users', 'delete', '--dir', dir, '--user', 'alice', '--mechanism', 'SCRAM-SHA-512')
  expect(removed).toMatchObject({ code: 0, out: 'alice can no longer log in with SCRAM-SHA-512' })
  const again = await millrace('users', 'delete', '--dir', dir, '--user', 'alice', '--mechanism', 'SCRAM-SHA-512')
  expect(again).toMatchObject({ code: 1, err: expect.stringContaining('UNKNOWN_CREDENTIAL') })
})

test.each([
  [['--user', 'a'], 2, /password is empty/],
  [['--user', 'a', '--mechanism', 'PLAIN'], 2, /mechanism/],
  [['--user', 'a', '--iterations', '5'], 2, /iterations/],
  [['--user', 'a', '--password', 'x'], 2, /--password-file/],
])('users set %j is refused', async (args, code, message) => {
  const outcome = await millrace('users', 'set', '--dir', dir, ...args)
  expect(outcome).toMatchObject({ code, err: expect.stringMatching(message) })
})

test('too many iterations are refused', async () => {
  const outcome = await millraceWith('x', 'users', 'set', '--dir', dir, '--user', 'a', '--iterations', '16385')
  expect(outcome).toMatchObject({ code: 1, err: expect.stringContaining('UNACCEPTABLE_CREDENTIAL') })
})
