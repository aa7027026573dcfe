import type { LogClient } from '@millrace/core'
import { readTopic } from '../../running/read-topic.ts'
import { airportDay, delaysByAirport, type DelaysByAirport } from './topology.ts'

/** A record of the output, key and value together. */
export interface Row extends DelaysByAirport {
  /** `YYYY-MM-DD` */
  readonly day: string
}

/** What the topology wrote, as any reader of committed data sees it. */
export async function readOutput(log: LogClient): Promise<readonly Row[]> {
  const rows: Row[] = []
  await readTopic(log, 'delays-by-airport', ({ key, value }) => {
    if (key !== null && value !== null) rows.push(toRow(key, value))
  })
  return rows
}

/** Names every field, so that the order in the printed JSON does not depend on the order in the topic. */
function toRow(key: Uint8Array, bytes: Uint8Array): Row {
  const { key: airport, start } = airportDay.read(key)
  const { name, city, state, flights, late, totalDelay, worstDelay } = delaysByAirport.read(bytes)
  return { airport, name, city, state, day: dayOf(start), flights, late, totalDelay, worstDelay }
}

function dayOf(timestamp: number): string {
  return new Date(timestamp).toISOString().slice(0, 'YYYY-MM-DD'.length)
}
