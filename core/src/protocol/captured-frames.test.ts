import { describe, expect, test } from 'vitest'
import { apiOf } from './apis.ts'
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
