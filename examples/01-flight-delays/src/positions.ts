import { json, type LogClient } from '@millrace/core'
import { readTopic } from '../../running/read-topic.ts'

/** How far a topic is filled. Its key is the name of the topic. */
export interface Position {
  readonly file: string
  /** The first line that is not in the topic yet; lines count from 0. */
  readonly nextLine: number
}

export const positionsTopic = 'ingest-positions'

const position = json<Position>()

/** Where the ingest of a topic stands; undefined before its first transaction. */
export async function readPosition(log: LogClient, topic: string): Promise<Position | undefined> {
  let last: Position | undefined
  await readTopic(log, positionsTopic, ({ key, value }) => {
    if (key !== null && value !== null && Buffer.from(key).toString() === topic) last = position.read(value)
  })
  return last
}

export function writePosition(value: Position): Uint8Array | string {
  return position.write(value)
}
