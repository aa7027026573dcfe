/** One measured row. `reference` and `ratio` come from the same run, so that a slow machine slows both. */
export interface BenchRow {
  readonly row: string
  readonly records: number
  readonly seconds: number
  readonly recordsPerSecond: number
  readonly megabytesPerSecond: number
  readonly cpuSeconds: number
  /** Records a second of the reference. */
  readonly reference: number
  /** Ours to the reference's, in records a second. */
  readonly ratio: number
  /** What else was measured. The names end in their units. */
  readonly figures?: Figures
}

export type Figures = Readonly<Record<string, number>>

/** How much of it is run: `full` is what the issue asks for, `tiny` runs in the tests so that no benchmark rots. */
type Scale = 'full' | 'tiny'

export interface Bench {
  readonly id: string
  /** What is compared with. */
  readonly against: string
  run(context: BenchContext): Promise<BenchRow>
}

export interface BenchContext {
  readonly scale: Scale
  /** An empty directory on a real disk. */
  readonly directory: string
}

export interface Timed {
  readonly seconds: number
  readonly cpuSeconds: number
}

/** Wall and processor time of the whole process, threads of the pool included. */
export async function timed(work: () => Promise<void> | void): Promise<Timed> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await work()
  const seconds = (performance.now() - start) / 1e3
  const used = process.cpuUsage(cpu)
  return { seconds, cpuSeconds: (used.user + used.system) / 1e6 }
}

export function toRow(row: string, records: number, bytes: number, ours: Timed, reference: Timed, figures?: Figures): BenchRow {
  const recordsPerSecond = records / ours.seconds
  return {
    row,
    records,
    seconds: round(ours.seconds, 3),
    recordsPerSecond: Math.round(recordsPerSecond),
    megabytesPerSecond: round(bytes / ours.seconds / 1e6, 1),
    cpuSeconds: round(ours.cpuSeconds, 2),
    reference: Math.round(records / reference.seconds),
    ratio: round(recordsPerSecond / (records / reference.seconds), 3),
    ...(figures === undefined ? {} : { figures: rounded(figures) }),
  }
}

function rounded(figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, round(value, 2)]))
}

/** The same row beside another reference, in records a second. */
export function withReference(row: BenchRow, reference: number): BenchRow {
  return { ...row, reference: Math.round(reference), ratio: round(row.recordsPerSecond / reference, 3) }
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
