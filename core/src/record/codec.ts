import { coreError } from '../base/error-catalogue.ts'

/** One compression of record batches. Both directions are synchronous: a batch is small, and the thread pool belongs to the disk. */
export interface Codec {
  compress(records: Uint8Array, level: number | undefined): Uint8Array
  /**
   * The whole block, in memory of its own. Never makes more than about `maxBytes`, whatever the block claims.
   * @throws BlockFlaw, or what the library throws about a block that it cannot read
   */
  decompress(block: Uint8Array, maxBytes: number): Uint8Array
}

/**
 * A native package, loaded at its first use: each takes 12 to 14 ms, and most logs never need it.
 * The loader of what is returned throws CODEC_MISSING where the package has no binary for this machine.
 */
export function nativeCodec<T>(name: string, load: () => unknown): () => T {
  let loaded: T | null = null
  return () => {
    try {
      return (loaded ??= load() as T)
    } catch (cause) {
      throw coreError('CODEC_MISSING', { what: 'the package that compresses cannot be loaded', where: name, cause })
    }
  }
}
