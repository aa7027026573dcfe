/** MurmurHash3, x86, 128 bits (public domain, Austin Appleby): tells the versions of a row apart. 32-bit arithmetic alone. */

const c1 = 0x239b961b
const c2 = 0xab0e9789
const c3 = 0x38b34ae5
const c4 = 0xa1e38b93

/** 16 bytes, as a text with a character a byte. */
export function murmur3(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const whole = bytes.length & ~15
  const h: Lanes = [0, 0, 0, 0]
  for (let at = 0; at < whole; at += 16) {
    mix(h, view.getUint32(at, true), view.getUint32(at + 4, true), view.getUint32(at + 8, true), view.getUint32(at + 12, true))
  }
  mixTail(h, bytes.subarray(whole))
  finish(h, bytes.length)
  const out = Buffer.allocUnsafe(16)
  for (const [i, value] of h.entries()) out.writeUInt32BE(value >>> 0, i * 4)
  return out.toString('latin1')
}

type Lanes = [number, number, number, number]

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}

function lane(k: number, first: number, by: number, second: number): number {
  return Math.imul(rotate(Math.imul(k, first), by), second)
}

function mix(h: Lanes, k1: number, k2: number, k3: number, k4: number): void {
  h[0] = (Math.imul((rotate(h[0] ^ lane(k1, c1, 15, c2), 19) + h[1]) | 0, 5) + 0x561ccd1b) | 0
  h[1] = (Math.imul((rotate(h[1] ^ lane(k2, c2, 16, c3), 17) + h[2]) | 0, 5) + 0x0bcaa747) | 0
  h[2] = (Math.imul((rotate(h[2] ^ lane(k3, c3, 17, c4), 15) + h[3]) | 0, 5) + 0x96cd1c35) | 0
  h[3] = (Math.imul((rotate(h[3] ^ lane(k4, c4, 18, c1), 13) + h[0]) | 0, 5) + 0x32ac3b17) | 0
}

function mixTail(h: Lanes, tail: Uint8Array): void {
  const word = (at: number): number =>
    (tail[at] ?? 0) | ((tail[at + 1] ?? 0) << 8) | ((tail[at + 2] ?? 0) << 16) | ((tail[at + 3] ?? 0) << 24)
  h[0] ^= lane(word(0), c1, 15, c2)
  h[1] ^= lane(word(4), c2, 16, c3)
  h[2] ^= lane(word(8), c3, 17, c4)
  h[3] ^= lane(word(12), c4, 18, c1)
}

function finish(h: Lanes, length: number): void {
  for (let i = 0; i < 4; i++) h[i]! ^= length
  spread(h)
  for (let i = 0; i < 4; i++) h[i] = avalanche(h[i]!)
  spread(h)
}

function spread(h: Lanes): void {
  h[0] = (h[0] + h[1] + h[2] + h[3]) | 0
  for (let i = 1; i < 4; i++) h[i] = (h[i]! + h[0]) | 0
}

function avalanche(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
