import { decodeRequestBody, errorCodes, FrameSplitter, openRequest, type ApiName } from '@millrace/core/testing'

/**
 * What has to come of bytes, by the codec alone: a frame that can be read is answered, one that cannot closes the connection.
 *
 *   answered   with the correlation id that it has
 *   closed     and nothing behind it is answered
 *   either     a produce without acknowledgement says nothing, or closes; an exchange of SASL is for its own tests
 *   waits      for others, or for the rest of the frame
 */
export type Foreseen =
  | { readonly kind: 'answered'; readonly name: ApiName; readonly version: number; readonly correlationId: number }
  | { readonly kind: 'closed' | 'either' | 'waits' }

const limitBytes = 100 << 20
const closed: Foreseen = { kind: 'closed' }
const either: Foreseen = { kind: 'either' }
const waits: Foreseen = { kind: 'waits' }

/** Of all frames in these bytes, up to the first that is not answered. `served`: the keys of the APIs that the server serves. */
export function foresee(bytes: Uint8Array, served: ReadonlySet<ApiName>): Foreseen[] {
  const splitter = new FrameSplitter(limitBytes)
  splitter.push(bytes)
  const all: Foreseen[] = []
  for (;;) {
    const frame = nextOf(splitter)
    if (frame === null) return [...all, closed]
    if (frame === undefined) return splitter.pendingBytes > 0 ? [...all, waits] : all
    const one = ofFrame(frame, served)
    all.push(one)
    if (one.kind !== 'answered') return all
  }
}

function nextOf(splitter: FrameSplitter): Uint8Array | undefined | null {
  try {
    return splitter.next()
  } catch {
    return null
  }
}

function ofFrame(frame: Uint8Array, served: ReadonlySet<ApiName>): Foreseen {
  try {
    const opened = openRequest(frame)
    if (opened.kind === 'unknownKey') return closed
    const { name, version, correlationId } = opened
    if (opened.kind === 'unknownVersion')
      return name === 'apiVersions' ? { kind: 'answered', name, version: 0, correlationId } : closed
    if (name === 'saslHandshake' || name === 'saslAuthenticate') return either
    if (!served.has(name)) return closed
    const message = decodeRequestBody(name, version, opened.body)
    return special(name, message) ?? { kind: 'answered', name, version, correlationId }
  } catch {
    return closed
  }
}

const longestWaitMs = 20

function special(name: ApiName, message: object): Foreseen | null {
  if (name === 'joinGroup' || name === 'syncGroup') return waits
  if (name === 'produce' && (message as { acks: number }).acks === 0) return either
  return name === 'fetch' && (message as { maxWaitMs: number }).maxWaitMs > longestWaitMs ? waits : null
}

/** Whether an answer says anywhere that something was wrong. */
export function hasErrorCode(answer: unknown): boolean {
  if (Array.isArray(answer)) return answer.some(hasErrorCode)
  if (answer === null || typeof answer !== 'object' || answer instanceof Uint8Array) return false
  return Object.entries(answer).some(
    ([name, value]) => (/errorCode/i.test(name) && typeof value === 'number' && value !== errorCodes.NONE) || hasErrorCode(value),
  )
}
