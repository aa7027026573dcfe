import type { Topology } from '../graph/topology.ts'
import type { StreamMetricRegistry } from '../metrics/metric-registry.ts'
import { ThreadMeter } from '../runtime/thread-meter.ts'
import type { AppState } from './app-state.ts'
import { version } from './version.ts'

export interface MeteredApp {
  readonly topology: Topology
  readonly applicationId: string
  readonly state: () => AppState
}

/** What an application shows of itself as a whole, from its start on. */
export class ClientMeter {
  private readonly registry: StreamMetricRegistry
  private readonly app: MeteredApp
  private failures = 0

  constructor(registry: StreamMetricRegistry, app: MeteredApp) {
    this.registry = registry
    this.app = app
  }

  /** Gives the meter of the loop, over all its restarts. */
  started(clientId: string): ThreadMeter {
    const { topology, applicationId, state } = this.app
    const scope = this.registry.open('stream-metrics', { 'client-id': clientId })
    const description = topology.describe()
    scope.show('version', () => version)
    scope.show('application-id', () => applicationId)
    scope.show('topology-description', () => description)
    scope.show('state', state)
    scope.show('client-state', () => stateNumbers[state()])
    scope.show('alive-stream-threads', () => (state() === 'running' ? 1 : 0))
    scope.show('failed-stream-threads', () => this.failures)
    return new ThreadMeter(this.registry, clientId)
  }

  /** An error has stopped the loop. */
  threadFailed(): void {
    this.failures++
  }
}

/** Those of KafkaStreams.State (KIP-1091). */
const stateNumbers: Readonly<Record<AppState, number>> = {
  created: 0,
  starting: 1,
  restarting: 1,
  running: 2,
  closing: 3,
  closed: 4,
  ended: 4,
  failed: 6,
}
