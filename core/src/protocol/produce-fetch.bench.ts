import { test } from 'vitest'
import type { RequestDraft, ResponseDraft } from './apis.ts'
import { contentOf } from './messages.fixtures.ts'
import { decodeRequestBody, encodeRequest, openRequest } from './request-frame.ts'
import { decodeResponse, encodeResponse } from './response-frame.ts'

/**
 * The two messages that records travel in: a Produce request with 10 partitions, and a Fetch response with 50, in the last versions
 * that name topics. Decoding includes the header. To stay below 5 µs and 20 µs. How to run it: see record/batch-builder.bench.ts.
 */
const records = new Uint8Array(1000)

const produced: RequestDraft<'produce'> = {
  acks: -1,
  timeoutMs: 30_000,
  topicData: [{ name: 'orders', partitionData: Array.from({ length: 10 }, (_, index) => ({ index, records })) }],
}

const fetched: ResponseDraft<'fetch'> = {
  throttleTimeMs: 0,
  responses: [
    {
      topic: 'orders',
      partitions: Array.from({ length: 50 }, (_, partitionIndex) => ({
        partitionIndex,
        errorCode: 0,
        highWatermark: 12_345_678_901,
        lastStableOffset: 12_345_678_901,
        logStartOffset: 0,
        abortedTransactions: [],
        records,
      })),
    },
  ],
}

const terms = { version: 11, correlationId: 1, clientId: 'bench' }
const produceFrame = contentOf(encodeRequest('produce', terms, produced))
const fetchFrame = contentOf(encodeResponse('fetch', 11, 1, fetched))

function openProduce(): void {
  const opened = openRequest(produceFrame)
  if (opened.kind === 'known') decodeRequestBody('produce', opened.version, opened.body)
}

test('encode and decode the hot messages', async ({ bench }) => {
  await bench.compare(
    bench('encode a Produce request', () => void encodeRequest('produce', terms, produced)),
    bench('decode a Produce request', openProduce),
    bench('encode a Fetch response', () => void encodeResponse('fetch', 11, 1, fetched)),
    bench('decode a Fetch response', () => void decodeResponse('fetch', 11, fetchFrame)),
    { time: 500 },
  )
})
