import { CompressionTypes } from 'kafkajs'
import { expect, test } from 'vitest'
import { string, type LogClient } from '@millrace/core'
import { withKafkajs } from './with-kafkajs.ts'

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
    await producer.disconnect()
    expect(await valuesOf(log, 't')).toEqual(['a', 'b'])
  }),
)

test('kafkajs is told of a topic that is not there', () =>
  withKafkajs(async (kafka) => {
    const producer = kafka.producer({ retry: { retries: 0 } }) // it would ask again for ten seconds
    await producer.connect()
    await expect(producer.send({ topic: 'absent', messages: [{ value: 'x' }] })).rejects.toThrow(/topic/i)
    await producer.disconnect()
  }))
