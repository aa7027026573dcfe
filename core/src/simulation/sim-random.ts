import type { Random } from '../base/random.ts'
import { mix } from './hash.ts'

/**
 * Randomness from a seed: sfc32, the same stream on every machine.
 * Independent parts of a simulation `fork`, so that one more draw in the one does not shift the other.
 */
export class SimRandom implements Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    const low = Math.trunc(seed) | 0
    const high = Math.floor(Math.trunc(seed) / 2 ** 32) | 0
    this.#a = mix(low, 0x9e3779b9)
    this.#b = mix(high, 0x85ebca6b)
    this.#c = mix(low ^ high, 0xc2b2ae35)
    for (let round = 0; round < 12; round++) this.#draw()
  }

  /** At least 0, below 1. */
  next(): number {
    return this.#draw() / 2 ** 32
  }

  /** A whole number of at least 0, below `bound`. */
  int(bound: number): number {
    return Math.floor(this.next() * bound)
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count)
    for (let index = 0; index < count; index++) bytes[index] = this.#draw() & 0xff
    return bytes
  }

  /** A stream of its own, which depends only on the state of this one and on `salt`. */
  fork(salt: number): SimRandom {
    return new SimRandom((mix(this.#draw(), salt) >>> 0) + (this.#c & 0x1fffff) * 2 ** 32)
  }

  #draw(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    this.#c |= 0
    return sum >>> 0
  }
}
