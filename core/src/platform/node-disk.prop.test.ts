import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DiskError, type Disk, type DiskFile } from '../base/disk.ts'
import { simWorld } from '../simulation/sim-world.ts'
import { NodeDisk } from './node-disk.ts'

/** The simulated disk has to answer every sequence of calls as the real one does, as long as nothing crashes. */

const anyPath = fc.constantFrom('a', 'b', 'd', 'd/a', 'd/b', 'd/e', 'd/e/a', 'a/x')
const anySlot = fc.integer({ min: 0, max: 2 })
const anyPosition = fc.integer({ min: 0, max: 3000 })
const anySize = fc.integer({ min: 0, max: 2500 })

const anyCall = fc.oneof(
  fc.record({ call: fc.constantFrom('list', 'stat', 'readFile', 'remove', 'syncFolder'), path: anyPath }),
  fc.record({ call: fc.constantFrom('makeFolder'), path: anyPath }),
  fc.record({ call: fc.constantFrom('create', 'open'), path: anyPath, slot: anySlot }),
  fc.record({ call: fc.constantFrom('rename', 'link'), path: anyPath, to: anyPath }),
  fc.record({ call: fc.constant('truncate'), path: anyPath, size: anySize }),
  fc.record({
    call: fc.constantFrom('write', 'read'),
    slot: anySlot,
    position: anyPosition,
    size: anySize,
    pieces: fc.integer({ min: 0, max: 3 }),
  }),
  fc.record({ call: fc.constantFrom('dataSync', 'close'), slot: anySlot }),
)
interface Call {
  readonly call: string
  readonly path?: string
  readonly to?: string
  readonly slot?: number
  readonly position?: number
  readonly size?: number
  readonly pieces?: number
}

/** What a program of calls sees on a disk, call by call. */
class Session {
  readonly #disk: Disk
  readonly #root: string
  readonly #files: (DiskFile | undefined)[] = []

  constructor(disk: Disk, root: string) {
    this.#disk = disk
    this.#root = root
  }

  async answers(calls: readonly Call[]): Promise<string[]> {
    const answers: string[] = []
    for (const [index, call] of calls.entries()) answers.push(`${call.call}: ${await this.#answer(call, index)}`)
    for (const file of this.#files) file?.close()
    return answers
  }

  async #answer(call: Call, index: number): Promise<string> {
    try {
      const result = await this.#perform(call, index)
      return result instanceof Uint8Array
        ? `${result.length}:${Buffer.from(result).toString('hex')}`
        : (JSON.stringify(result) ?? 'ok')
    } catch (error) {
      if (error instanceof DiskError) return error.code
      throw error
    }
  }

  #perform({ call, path = '', to = '', slot = 0, ...rest }: Call, index: number): unknown {
    const [at, target] = [join(this.#root, path), join(this.#root, to)]
    if (call === 'create' || call === 'open') return this.#put(slot, this.#disk[call](at))
    if (call === 'write' || call === 'read' || call === 'dataSync' || call === 'close')
      return this.#onFile(call, slot, rest, index)
    if (call === 'rename' || call === 'link') return this.#disk[call](at, target)
    if (call === 'truncate') return this.#disk.truncate(at, rest.size ?? 0)
    return this.#disk[call as 'list' | 'stat' | 'readFile' | 'remove' | 'syncFolder' | 'makeFolder'](at)
  }

  #put(slot: number, file: DiskFile): void {
    this.#files[slot]?.close()
    this.#files[slot] = file
  }

  async #onFile(
    call: 'write' | 'read' | 'dataSync' | 'close',
    slot: number,
    rest: Call | object,
    index: number,
  ): Promise<unknown> {
    const { position = 0, size = 0, pieces = 0 } = rest as Partial<Call>
    const file = this.#files[slot]
    if (file === undefined) return 'no file'
    if (call === 'dataSync') return file.dataSync()
    if (call === 'close') return this.#close(slot, file)
    if (call === 'write')
      return file.write(
        Array.from({ length: pieces }, (_, piece) => new Uint8Array(size).fill(index + piece + 1)),
        position,
      )
    const into = new Uint8Array(size)
    return into.subarray(0, await file.read(into, position))
  }

  #close(slot: number, file: DiskFile): void {
    this.#files[slot] = undefined
    file.close()
  }
}

test('a simulated disk answers every sequence of calls as the real one does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyCall, { maxLength: 40 }), async (calls) => {
      const root = mkdtempSync(join(tmpdir(), 'millrace-twin-'))
      try {
        const expected = await new Session(new NodeDisk(), root).answers(calls)
        const { disk, run } = simWorld({ seed: 1 })
        disk.makeFolder(root)
        expect(await run(() => new Session(disk, root).answers(calls))).toEqual(expected)
      } finally {
        rmSync(root, { recursive: true })
      }
    }),
    { numRuns: 200 },
  )
})

test('a simulated lock answers as the real one does', () => {
  const root = mkdtempSync(join(tmpdir(), 'millrace-twin-'))
  const world = simWorld({ seed: 1 })
  world.disk.makeFolder(root)
  const [real, simulated] = ([new NodeDisk(), world.disk] as Disk[]).map((disk) => {
    const seen: unknown[] = []
    const attempt = (path: string): void => {
      try {
        disk.lock(join(root, path), 'me').release()
        seen.push('free')
      } catch (error) {
        seen.push(error instanceof DiskError ? [error.code, error.holder] : error)
      }
    }
    const lock = disk.lock(join(root, '.lock'), 'the first')
    attempt('.lock')
    seen.push(disk.list(root), disk.readFile(join(root, '.lock-holder')).length)
    lock.release()
    lock.release()
    attempt('.lock')
    attempt('missing/.lock')
    disk.makeFolder(join(root, 'd'))
    attempt('d')
    seen.push(disk.list(root))
    return seen
  })
  expect(simulated).toEqual(real)
  rmSync(root, { recursive: true })
})
