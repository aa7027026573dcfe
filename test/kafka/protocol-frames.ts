import {
  decodeRequestBody,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  openRequest,
  type EncodedFrame,
} from '@millrace/core/testing'
import type { TappedFrame } from './frame-tap.ts'

/** The frame, decoded and encoded again. */
export function writtenAgain({ kind, name, version, bytes }: TappedFrame): Buffer {
  if (kind === 'response') {
    const correlationId = Buffer.from(bytes.buffer, bytes.byteOffset, 4).readInt32BE()
    return contentOf(encodeResponse(name, version, correlationId, decodeResponse(name, version, bytes) as never))
  }
  const request = openRequest(bytes)
  if (request.kind !== 'known') throw new Error(`it is of an ${request.kind}`)
  const body = decodeRequestBody(name, version, request.body)
  return contentOf(encodeRequest(name, request, body as never))
}

/** Without its size. */
export function contentOf({ chunks }: EncodedFrame): Buffer {
  return Buffer.concat(chunks).subarray(4)
}
