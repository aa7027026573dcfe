import { nodeWorld, type LogClient, type World } from '@millrace/core'
import type { Plan } from '../plan/plan.ts'
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
  readonly commitIntervalMs: number
  readonly maxUncommittedBytes: number
  readonly engines: StoreEngines
  readonly world: World
}

const names = [
  'applicationId',
  'log',
  'stateDir',
  'bounded',
  'onError',
  'commitIntervalMs',
  'maxUncommittedBytes',
  'storeEngines',
  'world',
]
const subject = 'StreamsApp'

/** @throws INVALID_STREAM_OPTION */
export function resolveOptions(options: StreamsOptions, plan: Plan): ResolvedStreamsOptions {
  checkOptions(subject, options, names)
  const { log, stateDir, bounded = false, onError = 'fail', commitIntervalMs = 100, maxUncommittedBytes = 8 << 20 } = options
  check('log', typeof log?.consumer === 'function', 'a log, as embeddedLog gives it', log)
  check(
    'stateDir',
    stateDir === undefined || (typeof stateDir === 'string' && stateDir !== ''),
    'the path of a directory',
    stateDir,
  )
  check(
    'stateDir',
    stateDir !== undefined || plan.subTopologies.every(({ stores }) => stores.length === 0),
    'a directory, since the topology has stores',
    stateDir,
  )
  check('bounded', typeof bounded === 'boolean', 'true or false', bounded)
  check('onError', onError === 'fail' || onError === 'skip', 'fail or skip', onError)
  check(
    'commitIntervalMs',
    Number.isSafeInteger(commitIntervalMs) && commitIntervalMs > 0,
    'milliseconds above 0',
    commitIntervalMs,
  )
  check(
    'maxUncommittedBytes',
    Number.isSafeInteger(maxUncommittedBytes) && maxUncommittedBytes > 0,
    'bytes above 0',
    maxUncommittedBytes,
  )
  const world = options.world ?? nodeWorld()
  const engines = options.storeEngines ?? new ClassicLevelEngines()
  return { log, stateDir: stateDir ?? null, bounded, errorPolicy: onError, commitIntervalMs, maxUncommittedBytes, engines, world }
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
