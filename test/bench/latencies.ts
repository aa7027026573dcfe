/** Durations of single calls, all of them kept. */
export class Latencies {
  private readonly all: number[] = []

  add(ms: number): void {
    this.all.push(ms)
  }

  /** The shortest duration that so great a part (0 to 1) of all does not exceed. */
  quantileMs(part: number): number {
    const sorted = Float64Array.from(this.all).sort()
    return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0
  }
}
