import { describe, expect, test } from 'vitest'
import { advertisedVersions } from './api.ts'
import { apiNames, apiOf } from './apis.ts'
import { capturedFrames, type CapturedFrame } from './captured-frames.fixtures.ts'
import { contentOf } from './messages.fixtures.ts'
import { decodeRequestBody, encodeRequest, openRequest } from './request-frame.ts'
import { correlationIdOf, decodeResponse, encodeResponse } from './response-frame.ts'

/** Decoded, and encoded again. */
function writtenAgain({ name, kind, version, frame }: CapturedFrame): Uint8Array {
  if (kind === 'response')
    return contentOf(encodeResponse(name, version, correlationIdOf(frame), decodeResponse(name, version, frame) as never))
  const request = openRequest(frame)
  if (request.kind !== 'known') throw new Error(`it is of an ${request.kind}`)
  return contentOf(encodeRequest(name, request, decodeRequestBody(name, version, request.body) as never))
}

describe('frames of real clients', () => {
  test.each(capturedFrames)('$client: $name $kind v$version', (captured) => {
    const again = writtenAgain(captured)
    const { frame, kind } = captured
    const read = kind === 'request' && apiOf(captured.name).trailing === 'ignored' ? frame.subarray(0, again.length) : frame
    expect(Buffer.from(again).toString('hex')).toBe(Buffer.from(read).toString('hex'))
  })

  test('show that Kafka advertises the same versions', () => {
    const { version, frame } = capturedFrames.find(
      ({ client, name, kind }) => client.startsWith('java') && name === 'apiVersions' && kind === 'response',
    )!
    const kafka = new Map(decodeResponse('apiVersions', version, frame).apiKeys.map((one) => [one.apiKey, one]))
    for (const name of apiNames) {
      const { min, max } = advertisedVersions(apiOf(name))
      expect(kafka.get(apiOf(name).key), name).toMatchObject({ minVersion: min, maxVersion: max })
    }
  })

  test('say what the clients did', () => {
    const body = (client: string, name: string): unknown => {
      const { frame, version, ...found } = capturedFrames.findLast(
        (one) => one.client.startsWith(client) && one.name === name && one.kind === 'request',
      )!
      const request = openRequest(frame)
      return request.kind === 'known' ? decodeRequestBody(found.name, version, request.body) : undefined
    }
    expect(body('kafkajs', 'createTopics')).toMatchObject({ topics: [{ name: 'kjs', numPartitions: 2, replicationFactor: -1 }] })
    expect(body('java', 'apiVersions')).toEqual({ clientSoftwareName: 'apache-kafka-java', clientSoftwareVersion: '4.3.1' })
    expect(body('librdkafka', 'consumerGroupHeartbeat')).toMatchObject({ groupId: 'rdk-new' })
    expect(body('platformatic', 'findCoordinator')).toMatchObject({ coordinatorKeys: ['plt-g'] })
  })
})
