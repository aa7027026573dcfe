import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embeddedLog } from '@millrace/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { beginAnew, placeOf, type Place } from './place.ts'

let place: Place
beforeEach(async () => {
  place = placeOf(await mkdtemp(join(tmpdir(), 'millrace-place-')))
})
afterEach(async () => {
  await rm(place.root, { recursive: true })
})

async function fill(path: string): Promise<void> {
  await mkdir(path, { recursive: true })
  await writeFile(join(path, 'file'), 'precious')
}

test('beginAnew removes log and state, and nothing beside them', async () => {
  await (await embeddedLog({ dir: place.log })).close()
  await fill(join(place.state, 'flight-delays'))
  await fill(join(place.root, 'mine'))
  await beginAnew(place)
  expect([place.log, place.state, join(place.root, 'mine', 'file')].map((path) => existsSync(path))).toEqual([false, false, true])
})

test('beginAnew does nothing where there is nothing', async () => {
  await beginAnew(place)
  await beginAnew(placeOf(join(place.root, 'missing')))
})

test.each([
  ['log', 'that is no log'],
  ['state', 'of something else'],
] as const)('beginAnew refuses a folder %s %s, and removes nothing', async (name, _what) => {
  const path = place[name]
  await fill(path)
  await expect(beginAnew(place)).rejects.toThrow("holds files that are not this example's; nothing was removed")
  expect(existsSync(join(path, 'file'))).toBe(true)
})

test('beginAnew refuses a log that is in use, and removes nothing', async () => {
  await using _log = await embeddedLog({ dir: place.log })
  await expect(beginAnew(place)).rejects.toMatchObject({ code: 'DATA_DIRECTORY_LOCKED' })
  expect(existsSync(place.log)).toBe(true)
})

test('beginAnew removes a log that is damaged', async () => {
  await (await embeddedLog({ dir: place.log })).close()
  await writeFile(join(place.log, 'millrace-checkpoint'), 'damage')
  await beginAnew(place)
  expect(existsSync(place.log)).toBe(false)
})
