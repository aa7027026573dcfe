/** Randomness: identifiers, and nothing that correctness depends on. */
export interface Random {
  /** `count` random bytes. */
  bytes(count: number): Uint8Array
}
