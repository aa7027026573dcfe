/**
 * Hashes of contents and trees, to tell equal crash images apart from different ones. Not cryptographic: two lanes of 32 bits,
 * so that among a million images a false match has a chance of about one in forty million.
 *
 * Invariants
 *   H1  Zero words add nothing: a hole, an extension by zeros and written zeros hash alike.
 *   H2  `mix` is not commutative in its arguments; sums of mixes do not depend on the order of the parts.
 */

const wordsAtMost = 1024
const lanes = makeLanes()

/** A mixed 32-bit number. */
export function mix(left: number, right: number): number {
  let hash = Math.imul(left ^ (left >>> 16), 0x85ebca6b) ^ Math.imul(right, 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

/** Two lanes of a hash. */
export interface Hash {
  readonly a: number
  readonly b: number
}

/** The hash of up to 4 KiB of bytes that start at a multiple of four of their buffer. */
export function hashBytes(bytes: Uint8Array): Hash {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2)
  let a = 0
  let b = 0
  for (let index = 0; index < words.length; index++) {
    let word = words[index]!
    if (word === 0) continue
    word = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
    word ^= word >>> 13
    a = (a + Math.imul(word, lanes[index]!)) | 0
    b = (b + Math.imul(word ^ (word >>> 16), lanes[index + wordsAtMost]!)) | 0
  }
  return { a, b }
}

const names = new Map<string, number>()
const namesAtMost = 100_000

/** The hash of a name; names recur in every image, so they are remembered. */
export function hashName(name: string): number {
  const known = names.get(name)
  if (known !== undefined) return known
  let hash = name.length
  for (let index = 0; index < name.length; index++) hash = mix(hash, name.charCodeAt(index) + 1)
  if (names.size >= namesAtMost) names.clear()
  names.set(name, hash)
  return hash
}

/** The multipliers of each word, odd, so that a single changed word always shows. */
function makeLanes(): Int32Array {
  const table = new Int32Array(2 * wordsAtMost)
  let state = 0x2545f491
  for (let index = 0; index < table.length; index++) {
    state = mix(state, index + 1)
    table[index] = state | 1
  }
  return table
}
