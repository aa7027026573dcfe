import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embeddedLog, serveLog, string, type Isolation, type ListenerOptions, type LogClient } from '@millrace/core'

/** A log on the wire, for a client of Kafka. */
export interface Served {
  readonly log: LogClient
  /** `host:port`. */
  readonly bootstrap: string
  readonly dir: string
}

/** A new log, which makes topics of two partitions when they are first used. It goes with `work`. */
export async function withServed(work: (served: Served) => Promise<void>, listener: ListenerOptions = {}): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-client-'))
  try {
    await using log = await embeddedLog({ dir, durability: 'os', autoCreateTopics: { partitions: 2 } })
    await using served = await serveLog(log, { listeners: [{ ...listener, port: 0 }], limits: { failedDelayMs: 1 } })
    const { host, port } = served.places[0]!
    await work({ log, bootstrap: `${host}:${port}`, dir })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Of a partition, as a consumer of this process sees it. */
export async function valuesIn(
  log: LogClient,
  topic: string,
  partition = 0,
  isolation: Isolation = 'read_committed',
): Promise<string[]> {
  await using consumer = await log.consumer({ isolation })
  await consumer.assign([{ topic, partition, offset: 'earliest' }])
  const values: string[] = []
  for (let batches = await consumer.poll(); batches.length > 0; batches = await consumer.poll())
    for (const batch of batches) batch.forEach(({ value }) => values.push(string.read(value!)))
  return values
}
