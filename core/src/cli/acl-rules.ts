import {
  clusterName,
  operations,
  operationsOf,
  wildcard,
  type AccessRule,
  type AccessRuleFilter,
  type Operation,
  type ResourceType,
} from '../base/access-rule.ts'
import { meant } from './nearest.ts'
import { UsageError } from './usage-error.ts'

/** The flags that name resources. */
export interface ResourceFlags {
  readonly topic: readonly string[]
  readonly group: readonly string[]
  readonly 'transactional-id': readonly string[]
  readonly cluster: boolean
  readonly 'resource-pattern-type': string
}

/** The flags that say who may do what. */
export interface RuleFlags extends ResourceFlags {
  readonly 'allow-principal': readonly string[]
  readonly 'deny-principal': readonly string[]
  readonly 'allow-host': readonly string[]
  readonly 'deny-host': readonly string[]
  readonly operation: readonly string[]
  readonly producer: boolean
  readonly consumer: boolean
  readonly idempotent: boolean
}

type Resource = Pick<AccessRule, 'resourceType' | 'resourceName'>
type Pattern = Pick<AccessRuleFilter, 'resourceType' | 'resourceName' | 'patternType'>
type Entry = Pick<AccessRule, 'principal' | 'host' | 'operation' | 'permission'>

export function patternsOf(flags: ResourceFlags): readonly Pattern[] {
  return resourcesOf(flags).map((resource) => ({ ...resource, ...patternType(flags) }))
}

function resourcesOf(flags: ResourceFlags): readonly Resource[] {
  const of = (resourceType: ResourceType, names: readonly string[]): readonly Resource[] =>
    names.map((resourceName) => ({ resourceType, resourceName }))
  return [
    ...of('topic', flags.topic),
    ...of('group', flags.group),
    ...of('transactionalId', flags['transactional-id']),
    ...of('cluster', flags.cluster ? [clusterName] : []),
  ]
}

function patternType(flags: ResourceFlags): Pick<AccessRuleFilter, 'patternType'> {
  const given = flags['resource-pattern-type']
  return { patternType: given === 'any' ? undefined : (given as NonNullable<AccessRuleFilter['patternType']>) }
}

/** What `acls add` adds. @throws UsageError */
export function rulesOf(flags: RuleFlags): readonly AccessRule[] {
  const filters = filtersOf(flags)
  if (flags['allow-principal'].length + flags['deny-principal'].length === 0)
    throw new UsageError('--allow-principal or --deny-principal is missing')
  return filters as readonly AccessRule[]
}

/** What `acls remove` removes: the same, or, where nobody is named, everything about the resources. @throws UsageError */
export function filtersOf(flags: RuleFlags): readonly AccessRuleFilter[] {
  const conveniences = flags.producer || flags.consumer
  if (conveniences) checkConvenience(flags)
  else if (flags.idempotent) throw new UsageError('--idempotent goes with --producer')
  const resources = resourcesOf(flags)
  if (resources.length === 0) throw new UsageError('--topic, --group, --transactional-id or --cluster is missing')
  return resources.concat(flags.idempotent && !flags.cluster ? [theCluster] : []).flatMap((resource) => {
    const allowed = conveniences ? neededOn(resource.resourceType, flags) : operationsIn(flags, resource.resourceType)
    const pattern = {
      ...resource,
      ...(resource.resourceType === 'cluster' ? { patternType: 'literal' as const } : patternType(flags)),
    }
    const entries = entriesOf(flags, allowed)
    const isNobody = flags['allow-principal'].length + flags['deny-principal'].length === 0
    return isNobody ? [pattern] : entries.map((entry) => ({ ...pattern, ...entry }))
  })
}

const theCluster: Resource = { resourceType: 'cluster', resourceName: clusterName }

function checkConvenience(flags: RuleFlags): void {
  if (flags.operation.length > 0 || flags['deny-principal'].length > 0)
    throw new UsageError('--producer and --consumer say what is allowed: they go without --operation and --deny-principal')
  if (flags.topic.length === 0) throw new UsageError('--topic is missing')
  if (flags.consumer && flags.group.length === 0) throw new UsageError('--group is missing')
  if (flags.idempotent && !flags.producer) throw new UsageError('--idempotent goes with --producer')
}

/** By Kafka's documentation of what clients need. */
function neededOn(resourceType: ResourceType, { producer, consumer, idempotent }: RuleFlags): readonly Operation[] {
  const needs: Readonly<Record<string, readonly Operation[]>> = {
    topic: [
      ...(producer ? (['write', 'describe', 'create'] as const) : []),
      ...(consumer ? (['read', 'describe'] as const) : []),
    ],
    group: consumer ? ['read'] : [],
    transactionalId: producer ? ['write', 'describe'] : [],
    cluster: idempotent ? ['idempotentWrite'] : [],
  }
  return [...new Set(needs[resourceType] ?? [])]
}

function entriesOf(flags: RuleFlags, named: readonly Operation[]): readonly Entry[] {
  const of = (permission: AccessRule['permission']): readonly Entry[] =>
    flags[`${permission}-principal`].flatMap((principal) =>
      orAny(flags[`${permission}-host`]).flatMap((host) =>
        named.map((operation) => ({ principal: principalOf(principal), host, operation, permission })),
      ),
    )
  for (const permission of ['allow', 'deny'] as const)
    if (flags[`${permission}-host`].length > 0 && flags[`${permission}-principal`].length === 0)
      throw new UsageError(`--${permission}-host goes with --${permission}-principal`)
  return [...of('allow'), ...of('deny')]
}

function orAny(hosts: readonly string[]): readonly string[] {
  return hosts.length === 0 ? [wildcard] : hosts
}

export function principalOf(text: string): string {
  if (/^[^:]+:./.test(text)) return text
  throw new UsageError(`a principal is a type and a name, User:alice, not ${text}`)
}

function operationsIn({ operation }: RuleFlags, resourceType: ResourceType): readonly Operation[] {
  if (operation.length === 0) return ['all']
  return operation.map((text) => {
    const found = (Object.keys(operations) as Operation[]).find((name) => plain(name) === plain(text))
    const known = ['all' as const, ...operationsOf[resourceType]]
    if (found !== undefined && known.includes(found)) return found
    const shown = known.map((name) => name.replace(/^./, (letter) => letter.toUpperCase()))
    throw new UsageError(
      `with a ${resourceType} there is no operation ${text}${meant(text, shown)}; it is one of ${shown.join(', ')}`,
    )
  })
}

/** As people write it: DescribeConfigs, describe-configs, DESCRIBE_CONFIGS. */
function plain(operation: string): string {
  return operation.toLowerCase().replaceAll(/[-_]/g, '')
}
