/** Rows that live for a time are let go by stretches of it, this many in a life: fewer are coarser, more take more memory. */
const stretches = 16

export function stretchOfTtl(ttlMs: number): number {
  return Math.ceil(ttlMs / stretches)
}
