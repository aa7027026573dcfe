import { coreError } from '../base/error-catalogue.ts'
import type { Api } from './api.ts'
import { structDecoder, type Decode } from './decoder.ts'
import { structEncoder, type Encode } from './encoder.ts'
import { inVersions } from './versions.ts'
import type { Wire } from './wire.ts'

/**
 * The codecs of all messages, each made when it is first needed: a broker that has just started has made none, and most versions
 * nobody ever speaks.
 */
export type MessageKind = 'request' | 'response'

export interface Encoder {
  readonly encode: Encode
  readonly place: string
  /** Room for a message like the last one. */
  slabBytes: number
}

export interface Decoder {
  readonly decode: Decode
  readonly place: string
}

const firstSlabBytes = 256

const encoders = new Map<object, Encoder[]>()
const decoders = new Map<object, Decoder[]>()

/** @throws UNSUPPORTED_VERSION */
export function encoderOf(api: Api, kind: MessageKind, version: number): Encoder {
  return once(encoders, api, kind, version, (wire) => ({
    encode: structEncoder(api[kind], wire),
    place: wire.place,
    slabBytes: firstSlabBytes,
  }))
}

/** @throws UNSUPPORTED_VERSION */
export function decoderOf(api: Api, kind: MessageKind, version: number): Decoder {
  return once(decoders, api, kind, version, (wire) => ({ decode: structDecoder(api[kind], wire), place: wire.place }))
}

function once<Codec>(
  codecs: Map<object, Codec[]>,
  api: Api,
  kind: MessageKind,
  version: number,
  make: (wire: Wire) => Codec,
): Codec {
  let byVersion = codecs.get(api[kind])
  if (byVersion === undefined) codecs.set(api[kind], (byVersion = []))
  return (byVersion[version] ??= make(wireOf(api, kind, version)))
}

function wireOf(api: Api, kind: MessageKind, version: number): Wire {
  if (!inVersions(version, api.versions))
    throw coreError('UNSUPPORTED_VERSION', {
      what: 'the API has no such version',
      where: api.name,
      expected: api.versions,
      received: version,
    })
  const flexible = inVersions(version, api.flexible)
  return { version, flexible, place: `${api.name}${kind === 'request' ? 'Request' : 'Response'} v${version}` }
}
