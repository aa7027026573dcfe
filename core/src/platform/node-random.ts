import { randomFillSync } from 'node:crypto'
import type { Random } from '../base/random.ts'

/** Taken from the kernel at once: a call of it costs as much as a thousand bytes. */
const poolBytes = 4096

/** The kernel's randomness. No byte is given out twice. */
export class NodeRandom implements Random {
  private readonly pool = new Uint8Array(poolBytes)
  private used = poolBytes

  bytes(count: number): Uint8Array {
    if (count > poolBytes) return randomFillSync(new Uint8Array(count))
    if (this.used + count > poolBytes) {
      randomFillSync(this.pool)
      this.used = 0
    }
    const bytes = this.pool.slice(this.used, this.used + count)
    this.pool.fill(0, this.used, this.used + count)
    this.used += count
    return bytes
  }
}
