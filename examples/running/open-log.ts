import { join } from 'node:path'
import { embeddedLog } from '@millrace/core'

/** Records of the examples have times of their own, long ago: no retention time may end them. */
const kept = { 'retention.ms': '-1' }

/** A log in `log/` of the folder, with these topics of so many partitions. */
export async function openLog(
  folder: string,
  topics: Readonly<Record<string, number>>,
): Promise<Awaited<ReturnType<typeof embeddedLog>>> {
  const log = await embeddedLog({ dir: join(folder, 'log') })
  await log.admin.createTopics(Object.entries(topics).map(([topic, partitions]) => ({ topic, partitions, config: kept })))
  return log
}
