/**
 * Why a compressed block is refused. Codecs throw it, or whatever their library throws; `decompressRecords` alone turns both into
 * errors of the catalogue, which say which batch it was.
 */
export class BlockFlaw extends Error {
  readonly kind: 'corrupt' | 'too large'

  constructor(kind: 'corrupt' | 'too large', what: string, options?: ErrorOptions) {
    super(what, options)
    this.kind = kind
  }
}

export function corruptBlock(what: string): BlockFlaw {
  return new BlockFlaw('corrupt', what)
}

export function blockTooLarge(bytes: number): BlockFlaw {
  return new BlockFlaw('too large', `it becomes at least ${bytes} bytes`)
}
