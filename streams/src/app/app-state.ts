import { tell } from '../runtime/tell.ts'
import { streamError } from '../time/stream-errors.ts'

/**
 * The life of an application.
 *
 *   created → starting ⇄ restarting
 *                ↓     ↗
 *             running → ended
 *
 *   from each of them but `created`:  → closing → closed;  where something may fail: → failed → closing → closed
 *   created → closed
 */
export type AppState = 'created' | 'starting' | 'running' | 'restarting' | 'ended' | 'failed' | 'closing' | 'closed'

const successors: Readonly<Record<AppState, readonly AppState[]>> = {
  created: ['starting', 'closed'],
  starting: ['running', 'restarting', 'failed', 'closing'],
  running: ['ended', 'restarting', 'failed', 'closing'],
  restarting: ['starting', 'closing'],
  ended: ['closing'],
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

  /** Nothing begins any more. */
  get isClosing(): boolean {
    return this.state === 'closing' || this.state === 'closed'
  }

  /** @throws APP_STATE */
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
    for (const listener of this.listeners) tell(listener, next, before)
  }

  /** @throws APP_STATE unless it starts or runs */
  mustRun(what: string): void {
    this.must(what, ['running', 'starting', 'restarting'])
  }

  /** @throws APP_STATE unless it has not been started, or is closed */
  mustRest(what: string): void {
    this.must(what, ['created', 'closed'])
  }

  private must(what: string, states: readonly AppState[]): void {
    if (states.includes(this.state)) return
    const expected = states.join(' or ')
    throw streamError('APP_STATE', { what: `the application cannot be ${what}`, expected, received: this.state })
  }

  listen(listener: StateListener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}
