import { closeSync, fdatasync, read, write, writev } from 'node:fs'
import { assert } from '../base/assert.ts'
import type { DiskFile } from '../base/disk.ts'
import { diskFailure, diskStep } from './disk-failure.ts'

type Done<T> = (error: Error | null, result: T) => void

/**
 * An open file over a descriptor.
 *
 * Invariant
 *   N1  The descriptor is closed only when no call is in flight: a late write would land in whatever file the kernel
 *       gives the number to next.
 */
export class NodeFile implements DiskFile {
  readonly path: string
  readonly #descriptor: number
  #inFlight = 0
  #open = true

  constructor(path: string, descriptor: number) {
    this.path = path
    this.#descriptor = descriptor
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return this.#call('read', (done) => read(this.#descriptor, into, 0, into.length, position, done))
  }

  write(chunks: readonly Uint8Array[], position: number): Promise<number> {
    const [only] = chunks
    if (only === undefined) return Promise.resolve(0)
    if (chunks.length > 1) return this.#call('write', (done) => writev(this.#descriptor, chunks, position, done))
    return this.#call('write', (done) => write(this.#descriptor, only, 0, only.length, position, done))
  }

  dataSync(): Promise<void> {
    return this.#call('dataSync', (done) => fdatasync(this.#descriptor, (error) => done(error, undefined)))
  }

  close(): void {
    assert(this.#open, `${this.path} is closed twice`)
    assert(this.#inFlight === 0, `${this.path} is closed with ${this.#inFlight} calls in flight`)
    this.#open = false
    diskStep('close', this.path, () => closeSync(this.#descriptor))
  }

  // Callbacks, not node:fs/promises: half the time a call, and the log makes one write and one sync a round.
  #call<T>(operation: string, start: (done: Done<T>) => void): Promise<T> {
    assert(this.#open, `${operation} of ${this.path} after close`)
    this.#inFlight += 1
    return new Promise((resolve, reject) => {
      start((error, result) => {
        this.#inFlight -= 1
        if (error) reject(diskFailure(error, operation, this.path))
        else resolve(result)
      })
    })
  }
}
