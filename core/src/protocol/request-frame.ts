import { apiNameOf, apiOf, type ApiName, type RequestDraft, type RequestOf } from './apis.ts'
import { encodeFrame } from './encode-frame.ts'
import { FrameReader } from './frame-reader.ts'
import type { EncodedFrame } from './frame-writer.ts'
import { decoderOf } from './message-codec.ts'
import { skipTaggedFields } from './tagged-fields.ts'
import { inVersions } from './versions.ts'

/** Of all arrays of a request: as many as a log has partitions. Each may be an error of its own, and one thread answers all clients. */
const maxElements = 200_000

/**
 * A frame with a request, opened: its header is read, its body is not, so that nobody's body is read before he may send it.
 *
 *      ┌────────────┬────────────────┬──────────────────┬───────────────────────────┬─────────────────────────────┬──────┐
 *      │ API key 2  │ API version 2  │ correlation id 4 │ client id: 2 bytes of     │ tagged fields, if flexible  │ body │
 *      │            │                │                  │ size in every version     │                             │      │
 *      └────────────┴────────────────┴──────────────────┴───────────────────────────┴─────────────────────────────┴──────┘
 *
 * What stands behind the correlation id depends on the key and the version, and is read only when both are known. To an unknown
 * version of ApiVersions the server answers in version 0 with UNSUPPORTED_VERSION (KIP-511); after any other it closes.
 */
export type OpenedRequest =
  | {
      readonly kind: 'known'
      readonly name: ApiName
      readonly version: number
      readonly correlationId: number
      readonly clientId: string | null
      readonly body: FrameReader
    }
  | { readonly kind: 'unknownVersion'; readonly name: ApiName; readonly version: number; readonly correlationId: number }
  | { readonly kind: 'unknownKey'; readonly key: number; readonly version: number; readonly correlationId: number }

/** The frame is without its size. @throws FRAME_INVALID */
export function openRequest(frame: Uint8Array): OpenedRequest {
  const reader = new FrameReader(frame, 'RequestHeader', maxElements)
  const key = reader.int16()
  const version = reader.int16()
  const correlationId = reader.int32()
  const name = apiNameOf(key)
  if (name === undefined) return { kind: 'unknownKey', key, version, correlationId }
  const api = apiOf(name)
  if (!inVersions(version, api.versions)) return { kind: 'unknownVersion', name, version, correlationId }
  const sizeBytes = reader.int16Size()
  const clientId = sizeBytes < 0 ? null : reader.text(sizeBytes)
  if (inVersions(version, api.flexible)) skipTaggedFields(reader)
  return { kind: 'known', name, version, correlationId, clientId, body: reader }
}

/** Of an opened request, once. @throws FRAME_INVALID, also when bytes are left behind the message */
export function decodeRequestBody<Name extends ApiName>(name: Name, version: number, body: FrameReader): RequestOf<Name> {
  const api = apiOf(name)
  const { decode, place } = decoderOf(api, 'request', version)
  body.place = place
  const message = decode(body)
  if (api.trailing !== 'ignored') body.finish()
  return message as RequestOf<Name>
}

export interface RequestTerms {
  readonly version: number
  readonly correlationId: number
  readonly clientId: string | null
}

/** A whole frame, size included. @throws MESSAGE_INVALID, UNSUPPORTED_VERSION */
export function encodeRequest<Name extends ApiName>(
  name: Name,
  { version, correlationId, clientId }: RequestTerms,
  request: RequestDraft<Name>,
): EncodedFrame {
  const api = apiOf(name)
  return encodeFrame(api, 'request', version, request, (writer) => {
    writer.int16(api.key)
    writer.int16(version)
    writer.int32(correlationId)
    if (clientId === null) writer.int16(-1)
    else writer.string(clientId)
    if (inVersions(version, api.flexible)) writer.unsignedVarint(0)
  })
}
