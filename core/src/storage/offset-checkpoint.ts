import { coreError } from '../base/error-catalogue.ts'
import type { TopicPartition } from '../base/ids.ts'

/**
 * Kafka's text checkpoints of a log directory, an offset for each partition:
 *
 *   0                          version
 *   <count>
 *   <topic> <partition> <offset>
 */
export interface PartitionOffset extends TopicPartition {
  readonly offset: number
}

export function offsetCheckpoint(rows: readonly PartitionOffset[]): string {
  return `0\n${rows.length}\n${rows.map(({ topic, partition, offset }) => `${topic} ${partition} ${offset}\n`).join('')}`
}

/** @throws CHECKPOINT_DAMAGED */
export function parseOffsetCheckpoint(content: Uint8Array, path: string): readonly PartitionOffset[] {
  const lines = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('utf8').split('\n')
  const rows = lines.slice(2, -1).flatMap(rowIn)
  if (lines[0] === '0' && lines[1] === String(rows.length) && lines.length === rows.length + 3 && lines.at(-1) === '') return rows
  throw coreError('CHECKPOINT_DAMAGED', {
    what: 'a checkpoint of offsets cannot be read',
    where: path,
    expected: 'version 0, a count, and as many lines of topic, partition and offset',
  })
}

function rowIn(line: string): readonly PartitionOffset[] {
  const [, topic, partition, offset] = /^(\S+) (\d+) (\d+)$/.exec(line) ?? []
  return topic === undefined ? [] : [{ topic, partition: Number(partition), offset: Number(offset) }]
}
