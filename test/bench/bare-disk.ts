import { closeSync, fdatasync, openSync, read, write } from 'node:fs'
import { promisify } from 'node:util'

const writeAt = promisify(write)
const readAt = promisify(read)
const dataSync = promisify(fdatasync)

const roundBytes = 4 << 20

/** The same bytes by nothing but write and fdatasync, in rounds of 4 MiB into a new file. */
export async function bareWrite(path: string, bytes: number): Promise<void> {
  const chunk = Buffer.alloc(roundBytes, 7)
  const file = openSync(path, 'w')
  for (let at = 0; at < bytes; at += roundBytes) {
    await writeAt(file, chunk, 0, Math.min(roundBytes, bytes - at), at)
    await dataSync(file)
  }
  closeSync(file)
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
