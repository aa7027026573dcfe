import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DiskError, type DiskErrorCode } from '../base/disk.ts'
import { diskFailure } from './disk-failure.ts'
import { NodeDisk } from './node-disk.ts'

const disk = new NodeDisk()
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (content: Uint8Array): string => new TextDecoder().decode(content)

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-disk-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function codeOf(work: () => unknown): DiskErrorCode | 'no error' {
  try {
    work()
    return 'no error'
  } catch (error) {
    return error instanceof DiskError ? error.code : 'no error'
  }
}

describe('NodeFile', () => {
  test('writes one chunk or many at a position and reads them back', async () => {
    const path = join(folder, 'file')
    const file = disk.create(path)
    expect(await file.write([bytes('journal')], 0)).toBe(7)
    expect(await file.write([bytes('ab'), bytes(''), bytes('cd')], 7)).toBe(4)
    expect(await file.write([], 11)).toBe(0)
    await file.dataSync()
    const into = new Uint8Array(20)
    expect(await file.read(into, 3)).toBe(8)
    expect(text(into.subarray(0, 8))).toBe('rnalabcd')
    expect(await file.read(into, 11)).toBe(0)
    file.close()
    expect(text(disk.readFile(path))).toBe('journalabcd')
  })

  test('reads and writes a file that is there, and `create` empties it', async () => {
    const path = join(folder, 'file')
    const first = disk.create(path)
    await first.write([bytes('abc')], 0)
    first.close()
    const second = disk.open(path)
    await second.write([bytes('B')], 1)
    second.close()
    expect(text(disk.readFile(path))).toBe('aBc')
    disk.create(path).close()
    expect(disk.stat(path)).toEqual({ kind: 'file', sizeBytes: 0 })
  })

  test('refuses to close under a call in flight, twice, or before a call', async () => {
    const file = disk.create(join(folder, 'file'))
    const writing = file.write([bytes('abc')], 0)
    expect(() => file.close()).toThrow('1 calls in flight')
    await writing
    file.close()
    expect(() => file.close()).toThrow('closed twice')
    expect(() => file.dataSync()).toThrow('after close')
  })
})

describe('NodeDisk', () => {
  test('lists names in order and tells files, folders and others apart', () => {
    disk.makeFolder(join(folder, 'b', 'deep'))
    disk.makeFolder(join(folder, 'b'))
    disk.create(join(folder, 'a')).close()
    symlinkSync('/dev/null', join(folder, 'c'))
    expect(disk.list(folder)).toEqual(['a', 'b', 'c'])
    expect(disk.stat(join(folder, 'b'))).toEqual({ kind: 'folder', sizeBytes: 0 })
    expect(disk.stat(join(folder, 'c'))).toEqual({ kind: 'other', sizeBytes: 0 })
    expect(disk.stat(join(folder, 'missing'))).toBeNull()
  })

  test.skipIf(process.platform === 'win32')('SEC-27: writes to no file elsewhere that a link leads to', () => {
    const elsewhere = join(folder, 'elsewhere')
    const link = join(folder, 'link')
    writeFileSync(elsewhere, 'precious')
    symlinkSync(elsewhere, link)
    for (const write of [() => disk.create(link), () => disk.open(link), () => disk.truncate(link, 0)])
      expect(write).toThrow(DiskError)
    disk.rename(link, join(folder, 'renamed'))
    disk.remove(join(folder, 'renamed'))
    expect(text(disk.readFile(elsewhere))).toBe('precious')
  })

  test('renames over a file, links, truncates, removes, and syncs the folder', async () => {
    const [a, b, c] = [join(folder, 'a'), join(folder, 'b'), join(folder, 'c')]
    const file = disk.create(a)
    await file.write([bytes('abcdef')], 0)
    file.close()
    disk.create(b).close()
    disk.rename(a, b)
    disk.link(b, c)
    disk.truncate(c, 3)
    disk.syncFolder(folder)
    await disk.syncNames(folder)
    disk.remove(b)
    disk.truncate(c, 5)
    expect([...disk.readFile(c)]).toEqual([...bytes('abc'), 0, 0])
    disk.makeFolder(b)
    disk.remove(b)
    expect(disk.list(folder)).toEqual(['c'])
  })

  test('answers every failure with a DiskError, its code and its cause', () => {
    const missing = join(folder, 'missing')
    const file = join(folder, 'file')
    disk.create(file).close()
    disk.makeFolder(join(folder, 'full', 'inner'))
    expect(codeOf(() => disk.open(missing))).toBe('ENOENT')
    expect(codeOf(() => disk.create(join(missing, 'x')))).toBe('ENOENT')
    expect(codeOf(() => disk.list(file))).toBe('ENOTDIR')
    expect(codeOf(() => disk.stat(join(file, 'x')))).toBe('no error')
    expect(codeOf(() => disk.readFile(folder))).toBe('EISDIR')
    expect(codeOf(() => disk.makeFolder(file))).toBe('EEXIST')
    expect(codeOf(() => disk.remove(join(folder, 'full')))).toBe('ENOTEMPTY')
    expect(codeOf(() => disk.remove(missing))).toBe('ENOENT')
    expect(codeOf(() => disk.link(file, file))).toBe('EEXIST')
    expect(codeOf(() => disk.rename(missing, file))).toBe('ENOENT')
    expect(codeOf(() => disk.syncFolder(missing))).toBe('ENOENT')
    expect(codeOf(() => disk.truncate(folder, 0))).toBe('EISDIR')
  })

  test('answers a failing sync of names with a DiskError too', async () => {
    await expect(disk.syncNames(join(folder, 'missing'))).rejects.toMatchObject({ code: 'ENOENT', operation: 'syncFolder' })
  })

  test.each([
    ['EDQUOT', 'ENOSPC'],
    ['ENFILE', 'EMFILE'],
    ['EROFS', 'EACCES'],
    ['EXDEV', 'EIO'],
  ] as const)('%s arrives as %s, with the cause', (code, expected) => {
    const cause = Object.assign(new Error('from the kernel'), { code })
    expect(diskFailure(cause, 'write', '/x')).toMatchObject({ code: expected, cause, operation: 'write', path: '/x' })
  })
})
