import { appendDurable } from './append-durable.ts'
import { readDisk } from './read-disk.ts'
import type { Bench } from './row.ts'
import { streamsCount, streamsCount1m } from './streams-count.ts'
import { streamsJson } from './streams-json.ts'

/** Every row of `npm run bench`, in the order in which it prints them. */
export const benches: readonly Bench[] = [appendDurable, readDisk, streamsJson, streamsCount, streamsCount1m]
