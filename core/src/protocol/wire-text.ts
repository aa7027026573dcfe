/**
 * Texts on the wire are UTF-8, exactly: bytes that are not, and texts with half a surrogate pair, are refused on either way.
 * Node's own names for reading and writing UTF-8 are not in the types; they save the choice of an encoding.
 */
const { utf8Slice, utf8Write } = Buffer.prototype as unknown as {
  readonly utf8Slice: (this: Uint8Array, from: number, to: number) => string
  readonly utf8Write: (this: Uint8Array, text: string, at: number, sizeBytes: number) => number
}

const replacement = '\ufffd'
/** Up to here a loop beats the call into Node. */
const shortText = 16

export function readText(bytes: Uint8Array, from: number, to: number): string {
  return utf8Slice.call(bytes, from, to)
}

/** The sign for what cannot be read may also stand in the bytes, so only where it shows up they are compared. */
export function isExactUtf8(text: string, bytes: Uint8Array, from: number, to: number): boolean {
  return !text.includes(replacement) || Buffer.from(text).equals(bytes.subarray(from, to))
}

/** Its bytes, or -1 when it has half a surrogate pair. */
export function textSize(text: string): number {
  if (text.length <= shortText && isAscii(text)) return text.length
  return text.isWellFormed() ? Buffer.byteLength(text) : -1
}

/** There must be room for `sizeBytes`, which `textSize` said. */
export function writeText(bytes: Uint8Array, at: number, text: string, sizeBytes: number): void {
  if (sizeBytes > shortText || sizeBytes !== text.length) return void utf8Write.call(bytes, text, at, sizeBytes)
  for (let i = 0; i < sizeBytes; i++) bytes[at + i] = text.charCodeAt(i)
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false
  return true
}
