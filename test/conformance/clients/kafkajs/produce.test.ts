import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CompressionTypes, Kafka, logLevel } from 'kafkajs'
import { expect, test } from 'vitest'
import { embeddedLog, serveLog, string, type LogClient } from '@millrace/core'

async function withKafkajs(work: (kafka: Kafka, log: LogClient) => Promise<void>): Promise<void> {
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

async function valuesOf(log: LogClient, topic: string): Promise<string[]> {
  await using consumer = await log.consumer()
  await consumer.assign([{ topic, partition: 0, offset: 'earliest' }])
  const values: string[] = []
  for (let batches = await consumer.poll(); batches.length > 0; batches = await consumer.poll())
    for (const batch of batches) batch.forEach(({ value }) => values.push(string.read(value!)))
  return values
}

test.each([CompressionTypes.None, CompressionTypes.GZIP])('kafkajs produces, with compression %i', (compression) =>
  withKafkajs(async (kafka, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const producer = kafka.producer()
    await producer.connect()
    const sent = await producer.send({
      topic: 't',
      compression,
      messages: [{ value: 'a' }, { key: 'k', value: 'b', headers: { h: '1' } }],
    })
    expect(sent).toMatchObject([{ topicName: 't', partition: 0, errorCode: 0, baseOffset: '0' }])
    await expect(producer.send({ topic: 'absent', messages: [{ value: 'x' }] })).rejects.toThrow(/topic/i)
    await producer.disconnect()
    expect(await valuesOf(log, 't')).toEqual(['a', 'b'])
  }),
)
