/**
 * The bounds at which readers cut a distribution, by its unit. The histogram itself is finer: changing these loses nothing.
 * Durations: from a sync of a fast disk to a stall. The rest, mostly sizes: powers of four, where the histogram is exact.
 */
export function bucketBounds(unit: string): readonly number[] {
  return unit === 's' ? seconds : sizes
}

const seconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const
const sizes = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864] as const
