import type { ConfigOf, ConfigProblem, ConfigSpec } from './config-spec.ts'

/** What sources and sinks have in common: settings, and how they are divided among tasks. */
export interface Connector<S extends ConfigSpec> {
  /** What `connector.class` names. */
  readonly name: string
  /** `major.minor.patch` */
  readonly version: string
  readonly config: S
  /** What the spec cannot say: settings that contradict each other. Touches nothing outside. Default: nothing is wrong. */
  validate?(config: ConfigOf<S>): readonly ConfigProblem[]
  /** Really connects, changes nothing, and says what is missing and how to mend it. Default: nothing is checked. */
  check?(config: ConfigOf<S>, signal: AbortSignal): Promise<readonly ConfigProblem[]>
  /** The settings of each task, at most `maxTasks` of them (KIP-1004: more is an error). */
  taskConfigs(config: ConfigOf<S>, maxTasks: number): Promise<readonly ConfigOf<S>[]>
}

/** What a worker gives to every task. */
export interface TaskContext {
  /** `<connector>-<number>` */
  readonly taskId: string
  /** Aborted when the task is to stop; calls that wait return soon after. */
  readonly signal: AbortSignal
}
