import type { ConsumedRecord, Isolation, LogClient } from '@millrace/core'
import type { JsonRecord, Place } from './kafka-driver.ts'

/** Everything that a consumer of Millrace sees, from the first offset to the end, in the form in which Kafka's answers come. */
export async function recordsOf(
  log: LogClient,
  place: Place,
  isolation: Isolation = 'read_committed',
): Promise<readonly JsonRecord[]> {
  const at = isolation === 'read_committed' ? 'stable' : 'latest'
  const [end] = await log.admin.listOffsets([{ ...place, at }])
  await using consumer = await log.consumer({ isolation })
  await consumer.assign([{ ...place, offset: 'earliest' }])
  const found: JsonRecord[] = []
  while (consumer.position(place) < end!) {
    for (const batch of await consumer.poll()) found.push(...batch.toArray().map(toJson))
  }
  return found
}

function toJson({ offset, timestamp, key, value, headers }: ConsumedRecord): JsonRecord {
  return {
    offset,
    timestamp,
    key: base64(key),
    value: base64(value),
    headers: headers.map(([name, bytes]) => [name, base64(bytes)]),
  }
}

export function base64(bytes: Uint8Array | string | null): string | null {
  return bytes === null ? null : Buffer.from(bytes as string).toString('base64')
}
