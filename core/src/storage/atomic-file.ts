import { posix } from 'node:path'
import type { Disk } from '../base/disk.ts'
import { writeWhole } from './whole-write.ts'

/**
 * Replaces a small file so that a reader finds the old content or the new, after any crash.
 * The order matters: content durable, then the name, then the folder; a rename before the sync may leave an empty file.
 */
export async function replaceFile(disk: Disk, path: string, content: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`
  const file = disk.create(temporary)
  try {
    await writeWhole(file, [content], 0)
    await file.dataSync()
  } finally {
    file.close()
  }
  disk.rename(temporary, path)
  await disk.syncNames(posix.dirname(path))
}

/**
 * The same for a file that is no evidence: what it says stands elsewhere, or is made again when it is missing, empty or spoilt. It is
 * not synced, which saves two waits for the disk; a power cut may leave it empty or old.
 */
export async function replaceHelper(disk: Disk, path: string, content: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`
  const file = disk.create(temporary)
  try {
    await writeWhole(file, [content], 0)
  } finally {
    file.close()
  }
  disk.rename(temporary, path)
}
