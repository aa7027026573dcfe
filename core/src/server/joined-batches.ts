const none = new Uint8Array(0)

/** Batches as one run of bytes: a view, where they lie behind each other in memory, as one read of a segment gives them. */
export function joinedBatches(batches: readonly Uint8Array[]): Uint8Array {
  const [first] = batches
  if (first === undefined) return none
  if (batches.length === 1) return first
  let end = first.byteOffset
  for (const batch of batches) {
    if (batch.buffer !== first.buffer || batch.byteOffset !== end) return Buffer.concat(batches)
    end += batch.length
  }
  return new Uint8Array(first.buffer, first.byteOffset, end - first.byteOffset)
}
