import type { LogClient } from '@millrace/core'
import { StreamsApp } from '@millrace/streams'
import { applicationId, flightDelays } from './topology.ts'

const lookEveryMs = 100

/**
 * Runs the topology over the flights that are in the log, to their end. Progress is told as a share of them; what is returned is
 * the share that was left to this run: 1 the first time, 0 when all was done already.
 */
export async function runTopology(log: LogClient, stateDir: string, onProgress: (share: number) => void): Promise<number> {
  const before = await processedShare(log)
  await using app = new StreamsApp(flightDelays(), { applicationId, log, stateDir, bounded: true })
  const watch = setInterval(() => void processedShare(log).then(onProgress, ignore), lookEveryMs)
  try {
    await app.start()
    await app.finished
  } finally {
    clearInterval(watch)
  }
  const after = await processedShare(log)
  if (after > before) onProgress(after) // also when it was done before the first look
  return after - before
}

/** The application reports itself what is wrong with the log. */
function ignore(): void {}

/** How much of the flights the application has processed, by the positions it has committed. */
async function processedShare(log: LogClient): Promise<number> {
  const positions = await log.admin.groupOffsets(applicationId)
  const partitions = positions.filter(({ topic }) => topic === 'flights')
  const ends = await log.admin.listOffsets(
    partitions.map(({ topic, partition }) => ({ topic, partition, at: 'stable' as const })),
  )
  return sum(partitions.map(({ offset }) => offset)) / (sum(ends) || 1)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
