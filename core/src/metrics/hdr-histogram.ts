import type { Distribution, Histogram } from '../base/metrics.ts'

/**
 * A histogram of high dynamic range: buckets whose width grows with their value, so that the relative error is the same
 * everywhere and the memory fixed (27 KiB).
 *
 *   bucket 0: up to 2^-20 │ 64 equal buckets for each power of two, (2^e, 2^(e+1)] │ last bucket: above 2^34
 *
 * The bucket of a value stands in its bits: exponent and the first six binary digits of a float64 are one number.
 *
 * Invariants
 *   H1  A bucket includes its upper bound, not its lower: counts at powers of two, and at zero, are exact.
 *   H2  A bucket answers with its middle, which is at most 1/128 of any value in it away; min and max are exact.
 *   H3  All histograms have the same buckets: merging loses nothing.
 */
const lowestExponent = -20
const highestExponent = 34
const stepsPerOctave = 64
/** Digits of the high word of a float64 below the six that choose the bucket. */
const unusedBits = 14
const exponentBias = 1023
const firstBits = (lowestExponent + exponentBias) * stepsPerOctave
const lastBucket = (highestExponent - lowestExponent) * stepsPerOctave + 1

/** A value and its two words; all machines that Node runs on put the low word first. */
const float = new Float64Array(1)
const words = new Uint32Array(float.buffer)

export class HdrHistogram implements Histogram, Distribution {
  private readonly counts = new Float64Array(lastBucket + 1)
  /** Count, sum, min, max: in one typed array, so that no number is boxed. */
  private readonly totals = new Float64Array([0, 0, Infinity, -Infinity])

  /** A value that is negative, infinite or no number is left out. */
  record(value: number): void {
    if (!(value >= 0 && value < Infinity)) return
    const { totals } = this
    totals[0]!++
    totals[1]! += value
    if (value < totals[2]!) totals[2] = value
    if (value > totals[3]!) totals[3] = value
    this.counts[bucketOf(value)]!++
  }

  get count(): number {
    return this.totals[0]!
  }

  get sum(): number {
    return this.totals[1]!
  }

  get min(): number {
    return this.count === 0 ? 0 : this.totals[2]! + 0
  }

  get max(): number {
    return this.count === 0 ? 0 : this.totals[3]! + 0
  }

  percentile(percent: number): number {
    const rank = Math.max(1, Math.ceil((this.count * percent) / 100))
    let seen = 0
    for (let bucket = 0; bucket <= lastBucket; bucket++) {
      seen += this.counts[bucket]!
      if (seen >= rank) return Math.min(Math.max(middleOf(bucket), this.min), this.max)
    }
    return this.max
  }

  countAtMost(bound: number): number {
    if (!(bound >= 0)) return 0
    const last = bound < Infinity ? bucketOf(bound) : lastBucket
    let seen = 0
    for (let bucket = 0; bucket <= last; bucket++) seen += this.counts[bucket]!
    return seen
  }

  /** Takes over all values of the other one. */
  merge(other: HdrHistogram): void {
    for (let bucket = 0; bucket <= lastBucket; bucket++) this.counts[bucket]! += other.counts[bucket]!
    this.totals[0]! += other.totals[0]!
    this.totals[1]! += other.totals[1]!
    this.totals[2] = Math.min(this.totals[2]!, other.totals[2]!)
    this.totals[3] = Math.max(this.totals[3]!, other.totals[3]!)
  }

  copy(): HdrHistogram {
    const copy = new HdrHistogram()
    copy.counts.set(this.counts)
    copy.totals.set(this.totals)
    return copy
  }
}

/** Of a number from 0 on. */
function bucketOf(value: number): number {
  float[0] = value + 0 // -0 is 0
  // One less when nothing stands below the six digits, so that a value on a border belongs to the bucket it ends (H1).
  const high = words[1]! - (words[0] === 0 ? 1 : 0)
  const bucket = (high >> unusedBits) - firstBits + 1
  return bucket < 0 ? 0 : bucket > lastBucket ? lastBucket : bucket
}

function middleOf(bucket: number): number {
  if (bucket === 0) return 0
  if (bucket === lastBucket) return Infinity
  const octave = Math.floor((bucket - 1) / stepsPerOctave)
  const step = (bucket - 1) % stepsPerOctave
  return 2 ** (lowestExponent + octave) * (1 + (step + 0.5) / stepsPerOctave)
}
