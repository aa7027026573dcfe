import { tenths, whole } from './numbers.ts'

/** Shows how far a piece of work is. */
export interface Progress {
  /** `done` of what there is to do. */
  readonly update: (done: number) => void
  /** The work is finished. */
  readonly end: () => void
}

export interface Work {
  readonly label: string
  readonly total: number
}

/** Where progress is shown; standard output belongs to the result. */
export interface Screen {
  readonly isTTY?: boolean
  write(text: string): unknown
}

const barWidth = 30
const redrawEveryMs = 100
const lineEveryMs = 5_000

/** A bar that is drawn over itself on a terminal; elsewhere a line now and then. */
export function showProgress(work: Work, screen: Screen, now: () => number = () => performance.now()): Progress {
  const { everyMs, draw } = screen.isTTY === true ? { everyMs: redrawEveryMs, draw: bar } : { everyMs: lineEveryMs, draw: line }
  const started = now()
  let drawn = started
  let latest = 0

  return {
    update: (done) => {
      latest = done
      if (now() - drawn < everyMs) return
      drawn = now()
      screen.write(draw(work, done, drawn - started))
    },
    end: () => {
      if (latest > 0) screen.write(`${draw(work, work.total, now() - started)}${screen.isTTY === true ? '\n' : ''}`)
    },
  }
}

export const noProgress: Progress = { update: () => {}, end: () => {} }

/** Draws over the line it has drawn before. */
function bar(work: Work, done: number, elapsedMs: number): string {
  const filled = Math.round((Math.min(done / work.total, 1) || 0) * barWidth)
  return `\r\u001B[K${work.label}  ${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}  ${facts(work, done, elapsedMs)}`
}

function line(work: Work, done: number, elapsedMs: number): string {
  return `${work.label}  ${facts(work, done, elapsedMs)}\n`
}

function facts({ total }: Work, done: number, elapsedMs: number): string {
  return `${whole(done)} of ${whole(total)}  ${tenths(elapsedMs / 1000)} s`
}
