/** Two keys are the same where their bytes are: that is how stores and partitions tell them apart. */

/** The half of a serde that an operator needs, its type erased. */
export interface Writes {
  readonly write: (value: unknown) => Uint8Array | string
}

export function sameBytes(serde: Writes, a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  const [left, right] = [serde.write(a), serde.write(b)]
  if (typeof left === 'string' && typeof right === 'string') return left === right
  return Buffer.compare(bytesOf(left), bytesOf(right)) === 0
}

/** Equal for keys of equal bytes, and only for these: one character a byte. */
export function keyText(serde: Writes, key: unknown): string {
  const bytes = bytesOf(serde.write(key))
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

/** What the serde writes, as bytes. */
export function bytesOf(written: Uint8Array | string): Uint8Array {
  return typeof written === 'string' ? Buffer.from(written) : written
}
