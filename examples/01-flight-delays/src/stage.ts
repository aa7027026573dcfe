import { noProgress, showProgress, type Screen } from './progress.ts'

/** A part of the run, when it is done. */
export interface Stage {
  readonly what: string
  /** Flights that it has worked on; none when earlier runs had done them all. */
  readonly flights: number
  readonly seconds: number
}

export interface StageOptions {
  readonly what: string
  /** Flights that there are. */
  readonly total: number
  /** Where to show how far it is. Default: nowhere. */
  readonly screen?: Screen | undefined
}

/** Does a part of the run, shows how far it is, and says how long it took. `work` returns how many flights it has worked on. */
export async function stage(
  { what, total, screen }: StageOptions,
  work: (onProgress: (flights: number) => void) => Promise<number>,
): Promise<Stage> {
  const progress = screen === undefined ? noProgress : showProgress({ label: what, total }, screen)
  const started = performance.now()
  const flights = await work(progress.update)
  if (flights > 0) progress.end()
  return { what, flights, seconds: (performance.now() - started) / 1000 }
}
