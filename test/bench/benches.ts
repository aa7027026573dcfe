import { append1000Partitions } from './append-1000-partitions.ts'
import { appendDurable, appendOs } from './append-durable.ts'
import { appendLatency } from './append-latency.ts'
import { mapAsync } from './map-async.ts'
import { openAfterCrash } from './open-after-crash.ts'
import { partitions10000 } from './partitions-10000.ts'
import { readDisk } from './read-disk.ts'
import { readTail } from './read-tail.ts'
import { restart1gb } from './restart-1gb.ts'
import type { Bench } from './row.ts'
import { streamsCount, streamsCount1m } from './streams-count.ts'
import { streamsJoin } from './streams-join.ts'
import { streamsJson } from './streams-json.ts'
import { streamsWindow } from './streams-window.ts'
import { transact32 } from './transact-32.ts'

/** Every row of `npm run bench`, in the order in which it prints them. */
export const benches: readonly Bench[] = [
  appendDurable,
  appendOs,
  append1000Partitions,
  appendLatency,
  readDisk,
  readTail,
  transact32,
  openAfterCrash,
  partitions10000,
  streamsJson,
  streamsCount,
  streamsCount1m,
  mapAsync,
  streamsWindow,
  streamsJoin,
  restart1gb,
]
