/**
 * Opens a log once, says how long that took and what memory it needs, and is gone without closing it, so that the next one finds the
 * directory as this one did.
 *
 *   node --conditions=@millrace/source test/bench/open-child.ts DIR
 */
import { writeSync } from 'node:fs'
import { embeddedLog } from '@millrace/core'
import { topicNames } from './plain-records.ts'

/** What it says. */
export interface Opened {
  readonly openMs: number
  readonly records: number
  readonly residentMb: number
}

const startedAt = performance.now()
const log = await embeddedLog({ dir: process.argv[2]! })
const openMs = performance.now() - startedAt
const residentMb = process.memoryUsage.rss() / 1e6
const queries = (await log.admin.describeTopics([topicNames.bench])).flatMap((topic) =>
  Array.from({ length: topic?.partitions ?? 0 }, (_, partition) => ({
    topic: topicNames.bench,
    partition,
    at: 'latest' as const,
  })),
)
const ends = await log.admin.listOffsets(queries)
const said: Opened = { openMs, records: ends.reduce((sum, end) => sum + end, 0), residentMb }
writeSync(1, `${JSON.stringify(said)}\n`)
process.kill(process.pid, 'SIGKILL')
