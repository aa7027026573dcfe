import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { embeddedLog, serveLog, type LogClient } from '@millrace/core'

/** kafkajs, and the log that it is connected to. */
export async function withKafkajs(work: (kafka: Kafka, log: LogClient) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-kafkajs-'))
  try {
    await using log = await embeddedLog({ dir, durability: 'os' })
    await using served = await serveLog(log, { listeners: [{ port: 0 }] })
    const { host, port } = served.places[0]!
    await work(new Kafka({ brokers: [`${host}:${port}`], logLevel: logLevel.NOTHING }), log)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
