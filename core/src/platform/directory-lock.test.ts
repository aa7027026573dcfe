import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DiskError } from '../base/disk.ts'
import { lockDirectory } from './directory-lock.ts'
import { quietly } from './experimental-warning.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-lock-'))
  path = join(folder, '.lock')
})
afterEach(() => rmSync(folder, { recursive: true }))

function refusal(at: string = path): DiskError {
  try {
    lockDirectory(at, 'me').release()
  } catch (error) {
    if (error instanceof DiskError) return error
    throw error
  }
  throw new Error('the lock was free')
}

/** Another process that holds the lock until it is killed. */
async function startHolder(holder: string): Promise<ChildProcess> {
  const module = new URL('./directory-lock.ts', import.meta.url).href
  const program = `import { lockDirectory } from ${JSON.stringify(module)}
    lockDirectory(${JSON.stringify(path)}, ${JSON.stringify(holder)})
    process.stdout.write('held')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  expect(String(await once(child.stdout, 'data'))).toBe('held')
  return child
}

describe('lockDirectory', () => {
  test('leaves only the lock and the text, and takes the text away when it is released', () => {
    const lock = lockDirectory(path, 'pid 1')
    expect(readdirSync(folder)).toEqual(['.lock', '.lock-holder'])
    expect(readFileSync(`${path}-holder`, 'utf8')).toBe('pid 1')
    lock.release()
    lock.release()
    expect(readdirSync(folder)).toEqual(['.lock'])
    lockDirectory(path, 'pid 2').release()
  })

  test('refuses a second open of the same process with the text of the first', () => {
    const lock = lockDirectory(path, 'pid 1, on port 9092')
    expect(refusal()).toMatchObject({ code: 'EBUSY', holder: 'pid 1, on port 9092', operation: 'lock', path })
    lock.release()
  })

  test('is refused while another process has it, and free the moment that process is killed', async () => {
    const child = await startHolder('the child')
    expect(refusal()).toMatchObject({ code: 'EBUSY', holder: 'the child' })
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(readFileSync(`${path}-holder`, 'utf8')).toBe('the child')
    const lock = lockDirectory(path, 'the heir')
    expect(refusal()).toMatchObject({ holder: 'the heir' })
    lock.release()
  })

  test('holds without a text when the text cannot be written', () => {
    mkdirSync(`${path}-holder`)
    const lock = lockDirectory(path, 'unheard')
    expect(refusal()).toMatchObject({ code: 'EBUSY', holder: undefined })
    lock.release()
  })

  test('says why the file could not be opened', () => {
    writeFileSync(join(folder, 'file'), '')
    expect(refusal(join(folder, 'missing', '.lock')).code).toBe('ENOENT')
    expect(refusal(join(folder, 'file', '.lock')).code).toBe('ENOTDIR')
    expect(refusal(folder).code).toBe('EISDIR')
    writeFileSync(path, 'not ours')
    expect(refusal()).toMatchObject({ code: 'EIO', holder: undefined })
    expect(readFileSync(path, 'utf8')).toBe('not ours')
  })
})

describe('quietly', () => {
  test('drops the one warning and lets others through', async () => {
    const seen: string[] = []
    const listen = (warning: Error): void => void seen.push(warning.message)
    process.on('warning', listen)
    quietly('SQLite', () => {
      process.emitWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning')
      process.emitWarning('a test warning, to be ignored', 'ExperimentalWarning')
    })
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', listen)
    expect(seen).toEqual(['a test warning, to be ignored'])
  })
})
