import { contentOf, type AnyMessage, type MessageCase } from './messages.fixtures.ts'
import { decodeRequestBody, encodeRequest, openRequest } from './request-frame.ts'
import { decodeResponse, encodeResponse } from './response-frame.ts'

/** Frames of any API, for tests that know a message only by its schema. */

const correlationId = 7

export function frameOf({ name, kind, version }: MessageCase, message: AnyMessage): Uint8Array {
  return contentOf(
    kind === 'request'
      ? encodeRequest(name, { version, correlationId, clientId: 'test' }, message as never)
      : encodeResponse(name, version, correlationId, message as never),
  )
}

export function messageIn({ name, kind, version }: MessageCase, frame: Uint8Array): AnyMessage {
  if (kind === 'response') return decodeResponse(name, version, frame)
  const opened = openRequest(frame)
  if (opened.kind !== 'known') throw new Error(`it is of an ${opened.kind}`)
  return decodeRequestBody(opened.name, opened.version, opened.body)
}
