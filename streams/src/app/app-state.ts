import { streamError } from '../time/stream-errors.ts'

/**
 * The life of an application.
 *
 *   created → starting → running → ended   → closing → closed
 *                 ↓  ↖     ↓  ↘─────────────↗
 *                 ↓   restarting
 *                 └──→ failed ──────────────────────→ closed
 */
export type AppState = 'created' | 'starting' | 'running' | 'restarting' | 'ended' | 'failed' | 'closing' | 'closed'

const successors: Readonly<Record<AppState, readonly AppState[]>> = {
  created: ['starting', 'closed'],
  starting: ['running', 'restarting', 'failed', 'closing'],
  running: ['ended', 'restarting', 'failed', 'closing'],
  restarting: ['starting', 'failed', 'closing'],
  ended: ['closing', 'closed'],
  failed: ['closing', 'closed'],
  closing: ['closed', 'failed'],
  closed: [],
}

export type StateListener = (state: AppState, before: AppState) => void

/** The one place where the state of an application changes. */
export class AppLife {
  private state: AppState = 'created'
  private readonly listeners = new Set<StateListener>()

  get current(): AppState {
    return this.state
  }

  to(next: AppState): void {
    const before = this.state
    if (!successors[before].includes(next)) {
      throw streamError('APP_STATE', {
        what: `the application cannot become ${next}`,
        expected: successors[before].join(' or ') || 'nothing, it is closed',
        received: `${next} after ${before}`,
      })
    }
    this.state = next
    for (const listener of this.listeners) listener(next, before)
  }

  listen(listener: StateListener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}
