import { SerdeError } from './serde-error.ts'

/** Node's own name for reading UTF-8, which is not in the types: it saves the choice of an encoding, and takes any array of bytes. */
const { utf8Slice } = Buffer.prototype as unknown as {
  readonly utf8Slice: (this: Uint8Array, from: number, to: number) => string
}

const replacement = '\ufffd'

/**
 * The text that the bytes are. Exact: bytes that are no UTF-8 are refused, where Kafka's StringDeserializer would put U+FFFD in
 * their place and make one key of two. The sign may also stand in the bytes, so only where it shows up they are compared.
 */
export function readUtf8(serde: string, bytes: Uint8Array): string {
  const text = utf8Slice.call(bytes, 0, bytes.length)
  if (text.includes(replacement) && !Buffer.from(text).equals(bytes))
    throw new SerdeError(serde, `the bytes are not UTF-8: ${excerpt(text)}`)
  return text
}

const excerptLength = 40

/** A short piece of a text around a place in it, quoted, for a message. */
export function excerpt(text: string, around: number = 0): string {
  const from = Math.max(0, Math.min(around - excerptLength / 2, text.length - excerptLength))
  const to = Math.min(text.length, from + excerptLength)
  return `${from > 0 ? '…' : ''}${JSON.stringify(text.slice(from, to))}${to < text.length ? '…' : ''}`
}
