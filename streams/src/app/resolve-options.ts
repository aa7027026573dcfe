import { nodeWorld, type LogClient, type World } from '@millrace/core'
import type { Topology } from '../graph/topology.ts'
import type { Plan } from '../plan/plan.ts'
import type { DropListener } from '../runtime/dropped.ts'
import type { ErrorPolicies } from '../runtime/error-policies.ts'
import type { RestoreListener } from '../runtime/restore.ts'
import type { StoreEngines } from '../state/engine.ts'
import { ClassicLevelEngines } from '../state/engines/classic-level-engine.ts'
import { checkOptions } from '../time/options.ts'
import { checkOption as check, isWhole } from './check-option.ts'
import { errorPoliciesOf } from './error-options.ts'
import type { StreamsOptions } from './streams-options.ts'

/** The options as everything inside uses them: all present. */
export interface ResolvedStreamsOptions {
  readonly log: LogClient
  readonly stateDir: string | null
  readonly bounded: boolean
  readonly policies: ErrorPolicies
  readonly onDropped: DropListener
  readonly onRestore: RestoreListener
  readonly commitIntervalMs: number
  readonly maxUncommittedBytes: number
  readonly maxTaskIdleMs: number
  /** Null: none. */
  readonly idleAdvanceMs: number | null
  readonly standbyReplicas: number
  readonly groupInstanceId: string | null
  readonly server: string | null
  readonly engines: StoreEngines
  readonly world: World
}

const names: readonly (keyof StreamsOptions)[] = [
  'applicationId',
  'log',
  'stateDir',
  'bounded',
  'onError',
  'onDropped',
  'onRestore',
  'commitIntervalMs',
  'maxUncommittedBytes',
  'maxTaskIdleMs',
  'idleAdvance',
  'standbyReplicas',
  'groupInstanceId',
  'server',
  'storeEngines',
  'world',
]

/** Before anything is done with them. @throws INVALID_STREAM_OPTION */
export function checkNames(topology: Topology, options: StreamsOptions): void {
  checkOptions('StreamsApp', options, names)
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
    onDropped = () => {},
    onRestore = () => {},
    commitIntervalMs = 100,
    maxUncommittedBytes = 8 << 20,
    maxTaskIdleMs = 0,
    idleAdvance,
    standbyReplicas = 0,
    groupInstanceId = null,
    server = null,
  } = options
  check('log', typeof log?.consumer === 'function', 'a log, as embeddedLog gives it', log)
  check(
    'stateDir',
    stateDir === undefined || (typeof stateDir === 'string' && stateDir !== ''),
    'the path of a directory',
    stateDir,
  )
  const keepsState = plan.subTopologies.some(({ stores }) => stores.some(({ inMemory = false }) => !inMemory))
  check('stateDir', stateDir !== undefined || !keepsState, 'the path of a directory, since the topology has stores', stateDir)
  check('bounded', typeof bounded === 'boolean', 'true or false', bounded)
  check('onDropped', typeof onDropped === 'function', 'a function', onDropped)
  check('onRestore', typeof onRestore === 'function', 'a function', onRestore)
  check('commitIntervalMs', isWhole(commitIntervalMs, 1), 'milliseconds above 0', commitIntervalMs)
  check('maxUncommittedBytes', isWhole(maxUncommittedBytes, 1), 'bytes above 0', maxUncommittedBytes)
  check('maxTaskIdleMs', isWhole(maxTaskIdleMs, -1), 'whole milliseconds from 0, or -1', maxTaskIdleMs)
  check('standbyReplicas', isWhole(standbyReplicas, 0), 'a whole number from 0', standbyReplicas)
  check('groupInstanceId', groupInstanceId === null || isName(groupInstanceId), 'a text that is not empty', groupInstanceId)
  check('server', server === null || isName(server), 'a text that is not empty', server)
  const { world = nodeWorld(), storeEngines: engines = new ClassicLevelEngines() } = options
  check('world', typeof world?.clock?.turn === 'function', 'clock, random and disk', world)
  check('storeEngines', typeof engines?.open === 'function', 'engines of stores', engines)
  return {
    log,
    stateDir: stateDir ?? null,
    bounded,
    policies: errorPoliciesOf(onError, plan),
    onDropped,
    onRestore,
    commitIntervalMs,
    maxUncommittedBytes,
    maxTaskIdleMs,
    idleAdvanceMs: idleAdvanceOf(idleAdvance, bounded),
    standbyReplicas,
    groupInstanceId,
    server,
    engines,
    world,
  }
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function idleAdvanceOf(given: StreamsOptions['idleAdvance'], bounded: boolean): number | null {
  if (given === undefined) return null
  checkOptions('StreamsApp, idleAdvance', given, ['afterMs'])
  check('idleAdvance.afterMs', isWhole(given.afterMs, 1), 'whole milliseconds from 1', given.afterMs)
  check('idleAdvance', !bounded, 'nothing for a bounded application, whose windows the end of its input closes', 'idleAdvance')
  return given.afterMs
}
