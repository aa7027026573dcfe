import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { embeddedLog } from './embedded-log.ts'

let root = ''
let dir = ''
let outside = ''

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'millrace-links-'))
  dir = join(root, 'data')
  outside = join(root, 'outside')
  mkdirSync(dir)
  mkdirSync(outside)
  writeFileSync(join(outside, 'precious'), 'precious')
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

function outsideIsUntouched(): void {
  expect(readdirSync(outside)).toEqual(['precious'])
  expect(readFileSync(join(outside, 'precious'), 'utf8')).toBe('precious')
}

test('SEC-27: a folder elsewhere, linked in the place of a partition, is never written to nor removed', async () => {
  symlinkSync(outside, join(dir, 't-0'))
  await using log = await embeddedLog({ dir, durability: 'os' })
  await expect(log.admin.createTopics([{ topic: 't', partitions: 1 }])).rejects.toMatchObject({ code: 'FOLDER_UNKNOWN' })
  outsideIsUntouched()
})

test('SEC-27: a file elsewhere, linked in the place of a segment or the journal, is never written to', async () => {
  {
    await using log = await embeddedLog({ dir, durability: 'os' })
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const producer = await log.producer()
    producer.append('t', null, 'x', { partition: 0 })
    await producer.flush()
  }
  const segment = join(
    dir,
    't-0',
    readdirSync(join(dir, 't-0')).find((name) => name.endsWith('.log'))!,
  )
  const journal = join(dir, 'millrace-journal-0')
  for (const path of [segment, journal]) {
    rmSync(path)
    symlinkSync(join(outside, 'precious'), path)
    const opened = await embeddedLog({ dir, durability: 'os' }).catch(() => null)
    const producer = await opened?.producer().catch(() => null)
    producer?.append('t', null, 'y', { partition: 0 })
    await producer?.flush().catch(() => {})
    await opened?.close().catch(() => {})
    outsideIsUntouched()
  }
})
