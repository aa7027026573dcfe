import type { DiskFile } from '../base/disk.ts'
import type { SimWorld } from './sim-world.ts'

/**
 * The smallest log that survives crashes, with a switch for each way not to: the enumeration has to catch all of them.
 *
 *   /log/records   [ length | check | bytes ] …    the end is where the check fails
 *   /log/state     a number, replaced by a renamed copy
 */
export interface ToyBugs {
  readonly acknowledgesBeforeSync?: boolean
  readonly forgetsFolder?: boolean
  readonly renamesBeforeSync?: boolean
  readonly trustsUnsynced?: boolean
  readonly ignoresShortWrites?: boolean
  readonly takesTornRecords?: boolean
}

const recordsPath = '/log/records'
const statePath = '/log/state'
const headerBytes = 8

export class ToyLog {
  readonly records: string[] = []
  state = 0
  readonly #world: SimWorld
  readonly #bugs: ToyBugs
  readonly #file: DiskFile
  #end = 0

  private constructor(world: SimWorld, bugs: ToyBugs, file: DiskFile) {
    this.#world = world
    this.#bugs = bugs
    this.#file = file
  }

  static async open(world: SimWorld, bugs: ToyBugs = {}): Promise<ToyLog> {
    const { disk } = world
    disk.makeFolder('/log')
    disk.syncFolder('/')
    const file = disk.stat(recordsPath) === null ? disk.create(recordsPath) : disk.open(recordsPath)
    if (!bugs.forgetsFolder) disk.syncFolder('/log')
    const log = new ToyLog(world, bugs, file)
    await log.#recover()
    return log
  }

  async append(text: string): Promise<void> {
    const record = encode(text)
    const written = this.#write(record, this.#end)
    this.#end += record.length
    this.records.push(text)
    if (this.#bugs.acknowledgesBeforeSync) return
    await written
    await this.#file.dataSync()
  }

  async setState(state: number): Promise<void> {
    const { disk } = this.#world
    const file = disk.create(`${statePath}.new`)
    await file.write([Uint8Array.of(state)], 0)
    if (!this.#bugs.renamesBeforeSync) await file.dataSync()
    file.close()
    disk.rename(`${statePath}.new`, statePath)
    disk.syncFolder('/log')
    this.state = state
  }

  async #recover(): Promise<void> {
    const { disk } = this.#world
    const bytes = disk.readFile(recordsPath)
    const next = (): string | null => decode(bytes, this.#end, this.#bugs.takesTornRecords === true)
    for (let record = next(); record !== null; record = next()) {
      this.records.push(record)
      this.#end += headerBytes + record.length
    }
    disk.truncate(recordsPath, this.#end)
    // What only the page cache holds was read as if it were there for good.
    if (!this.#bugs.trustsUnsynced) await this.#file.dataSync()
    if (disk.stat(statePath) !== null) this.state = disk.readFile(statePath)[0]!
  }

  async #write(bytes: Uint8Array, position: number): Promise<void> {
    const written = await this.#file.write([bytes], position)
    if (written < bytes.length && !this.#bugs.ignoresShortWrites) await this.#write(bytes.subarray(written), position + written)
  }
}

function encode(text: string): Uint8Array {
  const bytes = new Uint8Array(headerBytes + text.length)
  bytes.set(new TextEncoder().encode(text), headerBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, text.length)
  view.setUint32(4, checkOf(bytes.subarray(headerBytes)))
  return bytes
}

function decode(bytes: Uint8Array, at: number, takesTorn: boolean): string | null {
  if (at + headerBytes > bytes.length) return null
  const view = new DataView(bytes.buffer, at)
  const body = bytes.subarray(at + headerBytes, at + headerBytes + view.getUint32(0))
  const isWhole = body.length > 0 && body.length === view.getUint32(0) && checkOf(body) === view.getUint32(4)
  return isWhole || (takesTorn && body.length > 0) ? new TextDecoder().decode(body) : null
}

function checkOf(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => (Math.imul(sum, 31) + byte + 1) >>> 0, 17)
}
