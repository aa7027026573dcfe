import { randomFillSync } from 'node:crypto'
import type { Random } from '../base/random.ts'

/** The kernel's randomness. */
export class NodeRandom implements Random {
  bytes(count: number): Uint8Array {
    return randomFillSync(new Uint8Array(count))
  }
}
