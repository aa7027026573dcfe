import { nodeWorld, type LogClient, type World } from '@millrace/core'
import type { Topology } from '../graph/topology.ts'
import type { Plan } from '../plan/plan.ts'
import type { OnSkipped } from '../runtime/skipped.ts'
import type { StoreEngines } from '../state/engine.ts'
import { ClassicLevelEngines } from '../state/engines/classic-level-engine.ts'
import type { ErrorPolicy } from '../task/task-context.ts'
import { checkOptions } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'
import type { StreamsOptions } from './streams-options.ts'

/** The options as everything inside uses them: all present. */
export interface ResolvedStreamsOptions {
  readonly log: LogClient
  readonly stateDir: string | null
  readonly bounded: boolean
  readonly errorPolicy: ErrorPolicy
  readonly onSkipped: OnSkipped
  readonly commitIntervalMs: number
  readonly maxUncommittedBytes: number
  readonly engines: StoreEngines
  readonly world: World
}

const names: readonly (keyof StreamsOptions)[] = [
  'applicationId',
  'log',
  'stateDir',
  'bounded',
  'onError',
  'onSkipped',
  'commitIntervalMs',
  'maxUncommittedBytes',
  'storeEngines',
  'world',
]
const subject = 'StreamsApp'

/** Before anything is done with them. @throws INVALID_STREAM_OPTION */
export function checkNames(topology: Topology, options: StreamsOptions): void {
  checkOptions(subject, options, names)
  check(
    'topology',
    Array.isArray((topology as Partial<Topology> | undefined)?.nodes),
    'what StreamsBuilder.build() gives',
    topology,
  )
}

/** @throws INVALID_STREAM_OPTION */
export function resolveOptions(options: StreamsOptions, plan: Plan): ResolvedStreamsOptions {
  const {
    log,
    stateDir,
    bounded = false,
    onError = 'fail',
    onSkipped = () => {},
    commitIntervalMs = 100,
    maxUncommittedBytes = 8 << 20,
  } = options
  check('log', typeof log?.consumer === 'function', 'a log, as embeddedLog gives it', log)
  check(
    'stateDir',
    stateDir === undefined || (typeof stateDir === 'string' && stateDir !== ''),
    'the path of a directory',
    stateDir,
  )
  const keepsState = plan.subTopologies.some(({ stores }) => stores.length > 0)
  check('stateDir', stateDir !== undefined || !keepsState, 'the path of a directory, since the topology has stores', stateDir)
  check('bounded', typeof bounded === 'boolean', 'true or false', bounded)
  check('onError', onError === 'fail' || onError === 'skip', 'fail or skip', onError)
  check('onSkipped', typeof onSkipped === 'function', 'a function', onSkipped)
  check('commitIntervalMs', isCount(commitIntervalMs), 'milliseconds above 0', commitIntervalMs)
  check('maxUncommittedBytes', isCount(maxUncommittedBytes), 'bytes above 0', maxUncommittedBytes)
  const { world = nodeWorld(), storeEngines: engines = new ClassicLevelEngines() } = options
  check('world', typeof world?.clock?.turn === 'function', 'clock, random and disk', world)
  check('storeEngines', typeof engines?.open === 'function', 'engines of stores', engines)
  return {
    log,
    stateDir: stateDir ?? null,
    bounded,
    errorPolicy: onError,
    onSkipped,
    commitIntervalMs,
    maxUncommittedBytes,
    engines,
    world,
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0
}

function check(name: string, holds: boolean, expected: string, received: unknown): void {
  if (holds) return
  throw streamError('INVALID_STREAM_OPTION', {
    what: `the option ${name} is not valid`,
    where: subject,
    expected,
    received: String(received),
  })
}
