const multiplier = 0x5bd1e995
const seed = 0x9747b28c

/** MurmurHash2 with the seed of Kafka's Java client, as a signed 32-bit number. */
export function murmur2(bytes: Uint8Array, length: number = bytes.length): number {
  const wholeWords = length & ~3
  let hash = seed ^ length
  for (let at = 0; at < wholeWords; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    hash = Math.imul(hash, multiplier) ^ scramble(word)
  }
  const left = length - wholeWords
  if (left > 2) hash ^= bytes[wholeWords + 2]! << 16
  if (left > 1) hash ^= bytes[wholeWords + 1]! << 8
  if (left > 0) hash = Math.imul(hash ^ bytes[wholeWords]!, multiplier)
  return finish(hash)
}

function scramble(word: number): number {
  const product = Math.imul(word, multiplier)
  return Math.imul(product ^ (product >>> 24), multiplier)
}

function finish(hash: number): number {
  const product = Math.imul(hash ^ (hash >>> 13), multiplier)
  return product ^ (product >>> 15)
}

/** The partition that Kafka's Java client chooses for a key; other clients must agree, or a key lives in two partitions. */
export function partitionForKey(key: Uint8Array, partitions: number, length: number = key.length): number {
  return (murmur2(key, length) & 0x7fffffff) % partitions
}
