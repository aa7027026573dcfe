import { describe, expect, test } from 'vitest'
import { contentOf } from './messages.fixtures.ts'
import { decodeRequestBody, encodeRequest, openRequest, type OpenedRequest } from './request-frame.ts'
import { correlationIdOf, decodeResponse, encodeResponse } from './response-frame.ts'

/** Bytes by hand, as Kafka's documentation describes them: blanks are for the reader. */
function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'))
}

/** `a` → its size in two bytes, then itself. */
function text(value: string): string {
  return `${value.length.toString(16).padStart(4, '0')} ${Buffer.from(value).toString('hex')}`
}

/** The same with one more than the size in one byte. */
function compact(value: string): string {
  return `${(value.length + 1).toString(16).padStart(2, '0')} ${Buffer.from(value).toString('hex')}`
}

/** A request whose key and version are served. */
function known(frame: Uint8Array): Extract<OpenedRequest, { kind: 'known' }> {
  const request = openRequest(frame)
  if (request.kind === 'known') return request
  throw new Error(`it is of an ${request.kind}`)
}

function opened(hex: string): OpenedRequest {
  return openRequest(bytes(hex))
}

describe('a request', () => {
  test('in an old version has a plain header and plain texts', () => {
    const frame = bytes(`0003 0001 00000009 ${text('kcat')}  00000002 ${text('a')} ${text('bc')}`)
    const request = known(frame)
    expect(request).toMatchObject({ kind: 'known', name: 'metadata', version: 1, correlationId: 9, clientId: 'kcat' })
    const body = decodeRequestBody('metadata', 1, request.body)
    expect(body.topics?.map(({ name }) => name)).toEqual(['a', 'bc'])
    expect(body.allowAutoTopicCreation).toBe(true)
    expect(
      contentOf(
        encodeRequest(
          'metadata',
          { version: 1, correlationId: 9, clientId: 'kcat' },
          { topics: [{ name: 'a' }, { name: 'bc' }] },
        ),
      ),
    ).toEqual(frame)
  })

  test('in a flexible version keeps the plain client id, and has tagged fields behind it and behind each struct', () => {
    const frame = bytes(`0012 0003 00000001 ${text('me')} 00  ${compact('apache-kafka-java')} ${compact('4.3.1')} 00`)
    const request = known(frame)
    expect(request).toMatchObject({ kind: 'known', name: 'apiVersions', clientId: 'me' })
    const body = { clientSoftwareName: 'apache-kafka-java', clientSoftwareVersion: '4.3.1' }
    expect(decodeRequestBody('apiVersions', 3, request.body)).toEqual(body)
    expect(contentOf(encodeRequest('apiVersions', { version: 3, correlationId: 1, clientId: 'me' }, body))).toEqual(frame)
  })

  test('without a client id has null', () => {
    expect(opened('0012 0000 00000001 ffff')).toMatchObject({ clientId: null })
  })

  test('of an unknown key or version is told apart, and nothing behind the correlation id is read', () => {
    expect(opened('0004 0000 00000005')).toEqual({ kind: 'unknownKey', key: 4, version: 0, correlationId: 5 })
    expect(opened('0012 0063 00000005 aa')).toEqual({
      kind: 'unknownVersion',
      name: 'apiVersions',
      version: 99,
      correlationId: 5,
    })
    // Advertised, but not served.
    expect(opened('0000 0000 00000005')).toMatchObject({ kind: 'unknownVersion', name: 'produce' })
    expect(opened('0001 ffff 00000005')).toMatchObject({ kind: 'unknownVersion', name: 'fetch', version: -1 })
  })

  test('gives the records of a Produce as a view of the frame', () => {
    const frame = bytes(`0000 0003 00000001 ffff  ffff ffff 00007530 00000001 ${text('t')} 00000001 00000002 00000003 0a0b0c`)
    const request = known(frame)
    const [topic] = decodeRequestBody('produce', 3, request.body).topicData
    const { index, records } = topic!.partitionData[0]!
    expect([topic!.name, index, [...records!]]).toEqual(['t', 2, [10, 11, 12]])
    expect(records!.buffer).toBe(frame.buffer)
  })

  test.each([
    ['a header that is too short', '0003 0001 0000', 'RequestHeader, byte 4): expected 4 bytes, received 2'],
    ['a text behind the end', `0003 0001 00000009 0005 6b`, 'the frame ends too early (RequestHeader, byte 10)'],
    ['a negative size of a text', `0003 0001 00000009 fffe`, 'a size is negative'],
    [
      'a count above the bytes',
      `0003 0001 00000009 ffff 7fffffff`,
      'an array is longer than its frame (MetadataRequest v1.topics',
    ],
    ['null where it must not be', `0003 0000 00000009 ffff ffffffff`, 'an array is null where it must not be'],
    ['bytes behind the message', `0003 0001 00000009 ffff 00000000 00`, 'bytes stand behind the end of the message'],
    ['a text that is not UTF-8', `0003 0001 00000009 0001 ff`, 'a text is not UTF-8'],
    ['half a surrogate pair', `0003 0001 00000009 0003 eda080`, 'a text is not UTF-8'],
    ['a varint of six bytes', `0012 0003 00000001 ffff ffffffffff01`, 'more than 32 bits'],
    ['a varint above 32 bits', `0012 0003 00000001 ffff ffffffff1f`, 'more than 32 bits'],
    ['the same tag twice', `0012 0003 00000001 ffff 02 0000 0000`, 'tags do not rise'],
    ['tags that fall', `0012 0003 00000001 ffff 00 ${compact('a')} ${compact('b')} 02 0500 0400`, 'tags do not rise'],
    ['a count of tags above the bytes', `0012 0003 00000001 ffff ffffffff0f 0001`, 'the frame ends too early'],
  ])('is refused with %s', (_, hex, message) => {
    expect(() => {
      const request = known(bytes(hex))
      decodeRequestBody(request.name, request.version, request.body)
    }).toThrow(message)
  })

  test('passes over tagged fields that it does not know', () => {
    const request = known(bytes(`0012 0003 00000001 ffff 01 05 02 aabb  ${compact('a')} ${compact('b')} 01 ff01 01 cc`))
    expect(decodeRequestBody('apiVersions', 3, request.body)).toMatchObject({ clientSoftwareName: 'a' })
  })

  test('SEC-14: has no more elements than a server can hold', () => {
    // Topics with names of no bytes: 400 kB, but twenty million as objects.
    const count = 200_001
    const frame = Buffer.alloc(14 + 2 * count)
    bytes('0003 0001 00000009 ffff').forEach((byte, at) => (frame[at] = byte))
    frame.writeInt32BE(count, 10)
    const request = known(frame)
    expect(() => decodeRequestBody('metadata', 1, request.body)).toThrow('a frame has too many elements')
  })

  test('reads Long.MAX where it means that there is no limit, and refuses it elsewhere', () => {
    const asked = (timestamp: number): number => {
      const draft = { replicaId: -1, topics: [{ name: 't', partitions: [{ partitionIndex: 0, timestamp }] }] }
      const frame = contentOf(encodeRequest('listOffsets', { version: 1, correlationId: 1, clientId: null }, draft))
      const request = known(frame)
      return decodeRequestBody('listOffsets', 1, request.body).topics[0]!.partitions[0]!.timestamp
    }
    expect(asked(Infinity)).toBe(Infinity)
    expect(asked(-3)).toBe(-3)
    const fetch = `0001 0004 00000001 ffff  ffffffff 00000000 00000000 00000000 00  00000001 ${text('t')} 00000001 00000000`
    const request = known(bytes(`${fetch} 7fffffffffffffff 00000001`))
    expect(() => decodeRequestBody('fetch', 4, request.body)).toThrow('a 64-bit number is too large')
  })
})

describe('a response', () => {
  test('of ApiVersions has the oldest header in every version', () => {
    const draft = { errorCode: 35, apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 4 }] }
    expect(contentOf(encodeResponse('apiVersions', 0, 7, draft))).toEqual(bytes('00000007 0023 00000001 0012 0000 0004'))
    expect(contentOf(encodeResponse('apiVersions', 3, 7, draft))).toEqual(bytes('00000007 0023 02 0012 0000 0004 00 00000000 00'))
  })

  test('of any other flexible version has tagged fields behind the correlation id', () => {
    const frame = contentOf(encodeResponse('heartbeat', 4, 7, { errorCode: 27 }))
    expect(frame).toEqual(bytes('00000007 00 00000000 001b 00'))
    expect(correlationIdOf(frame)).toBe(7)
    expect(decodeResponse('heartbeat', 4, frame)).toEqual({ throttleTimeMs: 0, errorCode: 27 })
  })

  test('begins with its size', () => {
    expect(encodeResponse('heartbeat', 0, 7, { errorCode: 0 }).chunks).toEqual([Buffer.from(bytes('00000006 00000007 0000'))])
  })

  test('passes records on without copying them', () => {
    const records = new Uint8Array(5000).fill(1)
    const partition = { errorCode: 0, highWatermark: 1, abortedTransactions: null, records }
    const partitions = [0, 1, 2].map((partitionIndex) => ({ ...partition, partitionIndex }))
    const { chunks, sizeBytes } = encodeResponse('fetch', 4, 1, { throttleTimeMs: 0, responses: [{ topic: 't', partitions }] })
    expect(chunks.filter((chunk) => chunk === records)).toHaveLength(3)
    expect(sizeBytes).toBe(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  })

  test('writes only those tagged fields that are not their default', () => {
    const draft = { errorCode: 0, apiKeys: [] }
    const finalized = { ...draft, finalizedFeaturesEpoch: 5, supportedFeatures: [], zkMigrationReady: false }
    expect(contentOf(encodeResponse('apiVersions', 3, 1, finalized))).toEqual(
      bytes('00000001 0000 01 00000000 01 01 08 0000000000000005'),
    )
  })

  test.each([
    ['a field that the version lacks', () => encodeResponse('fetch', 4, 1, { throttleTimeMs: 0, sessionId: 3, responses: [] })],
    ['a number that is too large', () => encodeResponse('heartbeat', 0, 1, { errorCode: 40_000 })],
    ['a number that is none', () => encodeResponse('heartbeat', 0, 1, { errorCode: Number.NaN })],
    ['a text that is too long', () => encodeResponse('saslHandshake', 0, 1, { errorCode: 0, mechanisms: ['x'.repeat(40_000)] })],
    ['half a surrogate pair', () => encodeResponse('saslHandshake', 0, 1, { errorCode: 0, mechanisms: ['\ud800'] })],
    [
      'null in a version that has none',
      () => encodeRequest('metadata', { version: 0, correlationId: 1, clientId: null }, { topics: null }),
    ],
    [
      'an id that is none',
      () =>
        encodeRequest(
          'deleteTopics',
          { version: 6, correlationId: 1, clientId: null },
          { timeoutMs: 1, topics: [{ name: null, topicId: 'abc' }] },
        ),
    ],
  ])('is not written with %s', (_, encode) => {
    expect(encode).toThrow('MESSAGE_INVALID')
  })

  test('is not written in a version that there is not', () => {
    expect(() => encodeResponse('heartbeat', 5, 1, { errorCode: 0 })).toThrow(
      'UNSUPPORTED_VERSION: the API has no such version (Heartbeat): expected 0-4, received 5',
    )
  })

  test('is not read in a version that there is not', () => {
    expect(() => decodeResponse('heartbeat', 5, new Uint8Array(20))).toThrow('UNSUPPORTED_VERSION')
  })

  test('leaves out what the version lacks and may be dropped', () => {
    expect(
      decodeResponse('heartbeat', 0, contentOf(encodeResponse('heartbeat', 0, 1, { throttleTimeMs: 9, errorCode: 0 }))),
    ).toEqual({
      throttleTimeMs: 0,
      errorCode: 0,
    })
  })

  test('grows over many slabs', () => {
    const mechanisms = Array.from({ length: 3000 }, (_, i) => `mechanism-${i}-${'é'.repeat(i % 40)}`)
    const frame = contentOf(encodeResponse('saslHandshake', 1, 1, { errorCode: 0, mechanisms }))
    expect(decodeResponse('saslHandshake', 1, frame).mechanisms).toEqual(mechanisms)
  })
})
