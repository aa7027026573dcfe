import type { Api } from './api.ts'
import { apiOf, type ApiName, type ResponseDraft, type ResponseOf } from './apis.ts'
import { encodeFrame } from './encode-frame.ts'
import { FrameReader } from './frame-reader.ts'
import type { EncodedFrame } from './frame-writer.ts'
import { decoderOf } from './message-codec.ts'
import { skipTaggedFields } from './tagged-fields.ts'
import { inVersions } from './versions.ts'

/**
 * A frame with a response. It does not say what it is: the client knows which request it sent under the correlation id.
 *
 *      ┌──────────────────┬──────────────────────────────────────────────────┬──────┐
 *      │ correlation id 4 │ tagged fields, if flexible, never of ApiVersions │ body │
 *      └──────────────────┴──────────────────────────────────────────────────┴──────┘
 */

/** A whole frame, size included. @throws MESSAGE_INVALID, UNSUPPORTED_VERSION */
export function encodeResponse<Name extends ApiName>(
  name: Name,
  version: number,
  correlationId: number,
  response: ResponseDraft<Name>,
): EncodedFrame {
  const api = apiOf(name)
  return encodeFrame(api, 'response', version, response, (writer) => {
    writer.int32(correlationId)
    if (hasTaggedHeader(api, version)) writer.unsignedVarint(0)
  })
}

/** What the client looks up its request with. @throws FRAME_INVALID */
export function correlationIdOf(frame: Uint8Array): number {
  return new FrameReader(frame, 'ResponseHeader').int32()
}

/** The frame is without its size. @throws FRAME_INVALID, UNSUPPORTED_VERSION */
export function decodeResponse<Name extends ApiName>(name: Name, version: number, frame: Uint8Array): ResponseOf<Name> {
  const api = apiOf(name)
  const reader = new FrameReader(frame, 'ResponseHeader')
  reader.int32()
  if (hasTaggedHeader(api, version)) skipTaggedFields(reader)
  const { decode, place } = decoderOf(api, 'response', version)
  reader.place = place
  const message = decode(reader)
  reader.finish()
  return message as ResponseOf<Name>
}

function hasTaggedHeader({ header, flexible }: Api, version: number): boolean {
  return header !== 'classic' && inVersions(version, flexible)
}
