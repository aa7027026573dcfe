import { closeSync, fdatasync, openSync, read, write } from 'node:fs'
import { promisify } from 'node:util'

const writeAt = promisify(write)
const readAt = promisify(read)
const dataSync = promisify(fdatasync)

const roundBytes = 4 << 20

export interface BareWrite {
  /** Written, and synced, at once. Default 4 MiB. */
  readonly roundBytes?: number
  /** Default true. */
  readonly sync?: boolean
}

/** The same bytes by nothing but write and fdatasync, in rounds into a new file. */
export async function bareWrite(path: string, bytes: number, options: BareWrite = {}): Promise<void> {
  const round = Math.min(options.roundBytes ?? roundBytes, bytes)
  const chunk = Buffer.alloc(round, 7)
  const file = openSync(path, 'w')
  for (let at = 0; at < bytes; at += round) {
    await writeAt(file, chunk, 0, Math.min(round, bytes - at), at)
    if (options.sync !== false) await dataSync(file)
  }
  closeSync(file)
}

/** A file that has its size and content already, as a journal has: rounds are written over it, each synced. */
export class BareJournal {
  private readonly file: number
  private readonly round: Buffer
  private readonly sizeBytes: number
  private at = 0

  private constructor(file: number, round: Buffer, sizeBytes: number) {
    this.file = file
    this.round = round
    this.sizeBytes = sizeBytes
  }

  static async create(path: string, bytesOfRound: number): Promise<BareJournal> {
    const stride = Math.ceil(bytesOfRound / 4096) * 4096
    const sizeBytes = Math.max(roundBytes, stride)
    await bareWrite(path, sizeBytes)
    return new BareJournal(openSync(path, 'r+'), Buffer.alloc(bytesOfRound, 7), sizeBytes)
  }

  async append(): Promise<void> {
    if (this.at + this.round.length > this.sizeBytes) this.at = 0
    await writeAt(this.file, this.round, 0, this.round.length, this.at)
    await dataSync(this.file)
    this.at += Math.ceil(this.round.length / 4096) * 4096
  }

  close(): void {
    closeSync(this.file)
  }
}

/** The files by nothing but read, in chunks of 4 MiB. Returns the bytes. */
export async function bareRead(paths: readonly string[]): Promise<number> {
  const chunk = Buffer.alloc(roundBytes)
  let bytes = 0
  for (const path of paths) {
    const file = openSync(path, 'r')
    for (let at = 0; ;) {
      const { bytesRead } = await readAt(file, chunk, 0, roundBytes, at)
      if (bytesRead === 0) break
      at += bytesRead
      bytes += bytesRead
    }
    closeSync(file)
  }
  return bytes
}
