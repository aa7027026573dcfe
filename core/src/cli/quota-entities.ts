import type { EntityQuotas, QuotaEntity } from '../broker/quotas.ts'
import { UsageError } from './usage-error.ts'

/** How commands name whom a quota holds for. */
export interface EntityFlags {
  readonly 'entity-type': 'topics' | 'users' | 'clients' | 'ips'
  readonly 'entity-name': string | undefined
  readonly 'entity-default': boolean
}

const types = { users: 'user', clients: 'client-id', ips: 'ip' } as const

/** The topic whose settings are meant; undefined: quotas are. @throws UsageError */
export function topicOf({
  'entity-type': type,
  'entity-name': name,
  'entity-default': isDefault,
}: EntityFlags): string | undefined {
  if (type !== 'topics') return undefined
  if (isDefault) throw new UsageError('--entity-default is for quotas: topics have the defaults of the log')
  if (name === undefined) throw new UsageError('--entity-name is missing: the topic')
  return name
}

/** Undefined: all of the type. @throws UsageError */
export function entityOf({
  'entity-type': type,
  'entity-name': name,
  'entity-default': isDefault,
}: EntityFlags): QuotaEntity | undefined {
  if (type === 'topics' || (name === undefined && !isDefault)) return undefined
  if (name !== undefined && isDefault) throw new UsageError('--entity-name and --entity-default, one of them')
  return { [types[type]]: name ?? null }
}

/** Whether the quotas are of the type, also together with another one; and of this entity, if one is named. */
export function isMeant({ entity }: EntityQuotas, flags: EntityFlags): boolean {
  const { 'entity-type': type } = flags
  if (type === 'topics' || !Object.hasOwn(entity, types[type])) return false
  const named = entityOf(flags)
  return named === undefined || entity[types[type]] === named[types[type]]
}

/** `user alice, client-id default` */
export function entityText(entity: QuotaEntity): string {
  return Object.entries(entity)
    .map(([type, name]) => `${type} ${name ?? '(default)'}`)
    .join(', ')
}
