import { coreError } from '../base/error-catalogue.ts'
import type { Disk } from '../base/disk.ts'
import type { TopicId } from '../base/ids.ts'
import { readBatchHeader } from '../record/batch-header.ts'
import { crc32c } from '../record/crc32c.ts'
import { replaceFile } from './atomic-file.ts'

/**
 * `millrace-stranded-<topic id>-<partition>-<end offset>.log`: batches, one after another, that the journal held of a partition whose
 * folder takes nothing. It never changes. The checkpoint that names it lets go of the journal, so it counts like the journal: opening
 * refuses one that is damaged.
 */
export interface StrandedFile {
  readonly topicId: TopicId
  readonly partition: number
  /** Behind the last batch. */
  readonly endOffset: number
  readonly sizeBytes: number
  /** CRC-32C of the whole file. */
  readonly crc: number
}

const namePattern = /^millrace-stranded-/

export function strandedPath(folder: string, { topicId, partition, endOffset }: StrandedName): string {
  return `${folder}/millrace-stranded-${topicId}-${partition}-${String(endOffset).padStart(20, '0')}.log`
}

type StrandedName = Pick<StrandedFile, 'topicId' | 'partition' | 'endOffset'>

/** Resolves when it is durable. @throws DiskError */
export async function writeStranded(
  disk: Disk,
  folder: string,
  { topicId, partition }: Pick<StrandedFile, 'topicId' | 'partition'>,
  batches: readonly Uint8Array[],
): Promise<StrandedFile> {
  const content = Buffer.concat(batches)
  const name = { topicId, partition, endOffset: endOf(batches) }
  await replaceFile(disk, strandedPath(folder, name), content)
  return { ...name, sizeBytes: content.length, crc: crc32c(content) }
}

/** Behind the last of them; 0 when there is none. */
export function endOf(batches: readonly Uint8Array[]): number {
  const last = batches.at(-1)
  if (last === undefined) return 0
  const { baseOffset, lastOffsetDelta } = readBatchHeader(last, 0)
  return baseOffset + lastOffsetDelta + 1
}

/** @throws JOURNAL_DAMAGED when it is not as the checkpoint says */
export function readStranded(disk: Disk, folder: string, file: StrandedFile): Uint8Array[] {
  const path = strandedPath(folder, file)
  const content = disk.stat(path) === null ? null : disk.readFile(path)
  if (content === null || content.length !== file.sizeBytes || crc32c(content) !== file.crc) {
    throw coreError('JOURNAL_DAMAGED', {
      what: 'what the journal held of a partition that had failed is damaged',
      where: path,
      expected: `${file.sizeBytes} bytes with the checksum that the checkpoint has`,
      received: content === null ? 'no file' : `${content.length} bytes`,
    })
  }
  return split(content)
}

function split(content: Uint8Array): Uint8Array[] {
  const batches: Uint8Array[] = []
  for (let at = 0; at < content.length; at += batches.at(-1)!.length) {
    batches.push(content.subarray(at, at + readBatchHeader(content, at).sizeBytes))
  }
  return batches
}

/** Removes what no checkpoint names: a crash may leave it. */
export function removeForgottenStranded(disk: Disk, folder: string, files: readonly StrandedFile[]): void {
  const named = new Set(files.map((file) => strandedPath(folder, file)))
  for (const name of disk.list(folder)) {
    if (namePattern.test(name) && !named.has(`${folder}/${name}`)) disk.remove(`${folder}/${name}`)
  }
}
