import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AuditEvent } from '../server/audit-trail.ts'
import { nodeWorld } from '../platform/node-world.ts'
import { AuditLog, auditLine } from './audit-log.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-audit-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const event: AuditEvent = {
  at: 1_000,
  principal: 'User:alice',
  host: '127.0.0.1',
  clientId: 'c',
  api: 'createTopics',
  resourceType: 'topic',
  resourceName: 't',
  outcome: 'done',
  operation: null,
  detail: '',
  times: 1,
}

test('SEC-25: no name makes a line of its own, or colours a terminal', () => {
  const hostile = 'a\n{"outcome":"done"}\r\u001b[31m\u2028\u2029\u202e\u0085"\\\u{1F512}\u0000'
  const line = auditLine({ ...event, resourceName: hostile, principal: `User:${hostile}`, clientId: hostile })
  expect(line).toMatch(/^[ -~]+$/)
  expect(JSON.parse(line)).toMatchObject({ resourceName: hostile, principal: `User:${hostile}` })
})

test('SEC-41: lines stand behind those that were there, and a full file is put aside', async () => {
  const path = join(folder, 'audit.jsonl')
  writeFileSync(path, 'before\n')
  const { disk } = nodeWorld()
  const first = new AuditLog(disk, path, () => expect.fail('no error'))
  first.write(event)
  first.write({ ...event, resourceName: 'u' })
  await first.close()
  const lines = [auditLine(event), auditLine({ ...event, resourceName: 'u' })]
  expect(readFileSync(path, 'utf8')).toBe(['before', ...lines, ''].join('\n'))
  const second = new AuditLog(disk, path, () => expect.fail('no error'), { bytes: 10, waitingBytes: 10_000 })
  second.write({ ...event, resourceName: 'after' })
  await second.close()
  expect(readFileSync(`${path}.1`, 'utf8')).toContain('before')
  expect(readFileSync(path, 'utf8')).toBe(`${auditLine({ ...event, resourceName: 'after' })}\n`)
})

test('SEC-41: what a disk cannot take in time is left out and counted', async () => {
  const path = join(folder, 'audit.jsonl')
  const log = new AuditLog(nodeWorld().disk, path, () => expect.fail('no error'), { bytes: 1_000_000, waitingBytes: 600 })
  for (let index = 0; index < 20; index++) log.write({ ...event, at: index })
  await log.close()
  const lines = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { at?: number; leftOut?: number })
  const told = lines.filter(({ at }) => at !== undefined).length
  const leftOut = lines.reduce((sum, line) => sum + (line.leftOut ?? 0), 0)
  expect(told).toBeGreaterThan(0)
  expect(leftOut).toBeGreaterThan(0)
  expect(told + leftOut).toBe(20)
})

test('a file that cannot be is told at once', () => {
  expect(() => new AuditLog(nodeWorld().disk, join(folder, 'missing', 'audit.jsonl'), () => {})).toThrow(/ENOENT/)
})
