import { coreError } from '../base/error-catalogue.ts'
import type { MillraceError } from '../base/errors.ts'
import { isObject } from '../base/options.ts'
import type { MetadataRecord } from './metadata.ts'

export type EntityType = 'user' | 'client-id' | 'ip'
export const entityTypes: readonly EntityType[] = ['user', 'client-id', 'ip']

/** Whom a quota holds for; null: everybody of the type for whom no other one holds. */
export type QuotaEntity = { readonly [Type in EntityType]?: string | null }

export type QuotaName =
  | 'producer_byte_rate'
  | 'consumer_byte_rate'
  | 'request_percentage'
  | 'controller_mutation_rate'
  | 'connection_creation_rate'

interface QuotaRule {
  readonly of: 'clients' | 'addresses'
  readonly isInteger: boolean
}

/** Kafka's quotas. */
const quotaRules: Readonly<Record<QuotaName, QuotaRule>> = {
  /** Bytes of produce requests a second. */
  producer_byte_rate: { of: 'clients', isInteger: true },
  /** Bytes of record batches a second, as they go out. */
  consumer_byte_rate: { of: 'clients', isInteger: true },
  /** Per cent of the time of the event loop. */
  request_percentage: { of: 'clients', isInteger: false },
  /** Partitions made and removed a second (KIP-599). */
  controller_mutation_rate: { of: 'clients', isInteger: false },
  /** New connections a second (KIP-612). */
  connection_creation_rate: { of: 'addresses', isInteger: true },
}

export type QuotaValues = Readonly<Partial<Record<QuotaName, number>>>

export interface EntityQuotas {
  readonly entity: QuotaEntity
  readonly values: QuotaValues
}

/** Of one type of entity: this name (null: the default one), or any. */
export interface EntityMatch {
  readonly type: EntityType
  readonly name: string | null
  readonly isAny: boolean
}

/** A quota that holds for somebody, and with whom it is shared. */
export interface Bound {
  readonly value: number
  readonly sharedBy: string
}

export const quotaPrefix = 'quota/'
const version = 1
const maxNameLength = 1_024

/**
 * Quotas by entity, as Kafka has them (KIP-13, KIP-55, KIP-124, KIP-546, KIP-599, KIP-612).
 *
 *   quota/<entity>  { v: 1, values }     the entity as JSON, its types in the order of `entityTypes`; null: it has none any more
 *
 * Invariants
 *   CQ1  Of the quotas that could hold for a client the most particular one holds: user and client id, user, client id; a name goes
 *        before the default at each place, the user first. It is counted for all who share what it is of: a user's for all clients of
 *        the user, a client id's for all with that id. A default counts for each apart.
 */
export class ClientQuotas {
  private readonly entries = new Map<string, EntityQuotas>()
  /** How many entities have it. */
  private readonly uses = new Map<string, number>()

  /** Whether there is any such quota: the hot paths ask before anything else. */
  has(name: QuotaName): boolean {
    return this.uses.has(name)
  }

  of(entity: QuotaEntity): QuotaValues {
    return this.entries.get(keyOf(entity))?.values ?? {}
  }

  /** Null removes. No record: nothing changes. @throws INVALID_QUOTA */
  alter(given: QuotaEntity, changes: Readonly<Record<string, number | null>>): MetadataRecord[] {
    const entity = checkedEntity(given)
    if (!isObject(changes)) throw invalid('quotas come by their names')
    for (const [name, value] of Object.entries(changes)) checkValue(entity, name, value)
    const before = this.of(entity)
    const merged = Object.entries({ ...before, ...changes }).filter(([, value]) => value !== null)
    const values = Object.fromEntries(merged.toSorted(([a], [b]) => (a < b ? -1 : 1)))
    if (JSON.stringify(values) === JSON.stringify(before)) return []
    const value = merged.length === 0 ? null : JSON.stringify({ v: version, values })
    return [{ key: quotaPrefix + keyOf(entity), value }]
  }

  replay({ key, value }: MetadataRecord): void {
    const text = key.slice(quotaPrefix.length)
    const row = value === null ? null : rowIn(key, value)
    this.count(text, -1)
    if (row === null) this.entries.delete(text)
    else this.entries.set(text, row)
    this.count(text, 1)
  }

  private count(text: string, step: number): void {
    for (const name of Object.keys(this.entries.get(text)?.values ?? {})) {
      const uses = (this.uses.get(name) ?? 0) + step
      if (uses === 0) this.uses.delete(name)
      else this.uses.set(name, uses)
    }
  }

  /** `isStrict`: of the named types and no other. */
  find(matches: readonly EntityMatch[], isStrict: boolean): readonly EntityQuotas[] {
    return [...this.entries.values()].filter(({ entity }) => {
      if (isStrict && Object.keys(entity).length !== matches.length) return false
      return matches.every(({ type, name, isAny }) => Object.hasOwn(entity, type) && (isAny || entity[type] === name))
    })
  }

  /** Undefined: there is no limit. */
  boundOf(name: QuotaName, user: string, clientId: string): Bound | undefined {
    for (const [entity, sharedBy] of candidates(user, clientId)) {
      const value = this.of(entity)[name]
      if (value !== undefined) return { value, sharedBy }
    }
    return undefined
  }

  boundOfAddress(name: QuotaName, ip: string): Bound | undefined {
    const address = canonicalAddress(ip) ?? ip
    const value = this.of({ ip: address })[name] ?? this.of({ ip: null })[name]
    return value === undefined ? undefined : { value, sharedBy: keyOf({ ip: address }) }
  }
}

/** The most particular first (CQ1), each with those who share it. */
function candidates(user: string, clientId: string): readonly (readonly [QuotaEntity, string])[] {
  const both = keyOf({ user, 'client-id': clientId })
  const ofUser = keyOf({ user })
  const ofClient = keyOf({ 'client-id': clientId })
  return [
    [{ user, 'client-id': clientId }, both],
    [{ user, 'client-id': null }, both],
    [{ user }, ofUser],
    [{ user: null, 'client-id': clientId }, both],
    [{ user: null, 'client-id': null }, both],
    [{ user: null }, ofUser],
    [{ 'client-id': clientId }, ofClient],
    [{ 'client-id': null }, ofClient],
  ]
}

function keyOf(entity: QuotaEntity): string {
  return JSON.stringify(entity, [...entityTypes])
}

/** @throws INVALID_QUOTA */
function checkedEntity(entity: QuotaEntity): QuotaEntity {
  if (!isObject(entity)) throw invalid('a quota is of somebody')
  const types = Object.keys(entity)
  if (types.length === 0) throw invalid('a quota is of a user, a client id, both, or an address')
  const unknown = types.find((type) => !entityTypes.includes(type as EntityType))
  if (unknown !== undefined) throw invalid('there is no such type of entity', unknown)
  if (types.includes('ip') && types.length > 1)
    throw invalid('a quota of an address is of no user or client id', types.join(', '))
  for (const [type, name = null] of Object.entries(entity)) {
    if (name === null) continue
    if (typeof name !== 'string') throw invalid('the name of an entity is a text', type)
    if (name === '') throw invalid('the name of an entity is empty', type)
    if (name.length > maxNameLength) throw invalid(`the name of an entity has more than ${maxNameLength} characters`, type)
  }
  return typeof entity.ip === 'string' ? { ip: checkedAddress(entity.ip) } : entity
}

function checkedAddress(ip: string): string {
  const address = canonicalAddress(ip)
  if (address === null) throw invalid('this is no address', ip)
  return address
}

/** @throws INVALID_QUOTA */
function checkValue(entity: QuotaEntity, name: string, value: number | null): void {
  const rule: QuotaRule | undefined = Object.hasOwn(quotaRules, name) ? quotaRules[name as QuotaName] : undefined
  if (rule === undefined || (rule.of === 'addresses') !== Object.hasOwn(entity, 'ip')) {
    if (value === null) return // what is not there is not there any more
    throw invalid('there is no such quota for these entities', name)
  }
  if (value === null) return
  if (typeof value !== 'number' || !(value > 0) || value === Infinity) throw invalid('a quota is above 0', `${name}=${value}`)
  if (rule.isInteger && !Number.isSafeInteger(value)) throw invalid('this quota is an integer', `${name}=${value}`)
}

function invalid(what: string, received?: string): MillraceError {
  return coreError('INVALID_QUOTA', { what, ...(received === undefined ? {} : { received }) })
}

/** @throws UNSUPPORTED_FORMAT */
function rowIn(key: string, value: string): EntityQuotas {
  const entity: QuotaEntity | null = objectIn(key.slice(quotaPrefix.length))
  const row: { readonly v?: unknown; readonly values?: QuotaValues } | null = objectIn(value)
  if (entity !== null && row?.v === version) return { entity, values: row.values ?? {} }
  throw coreError('UNSUPPORTED_FORMAT', {
    what: 'a metadata record has another version',
    where: key,
    expected: version,
    received: String(row === null ? 'no object' : row.v),
  })
}

function objectIn(json: string): object | null {
  try {
    const parsed: unknown = JSON.parse(json)
    return typeof parsed === 'object' ? parsed : null
  } catch {
    return null
  }
}

/** As sockets write it; null: it is none. An IPv4 address may come in the form of IPv6. */
function canonicalAddress(text: string): string | null {
  const plain = text.replace(/^::ffff:(?=\d+\.)/i, '')
  if (/^(\d{1,3}\.){3}\d{1,3}$/.test(plain)) {
    return plain.split('.').every((part) => Number(part) <= 255) ? plain.split('.').map(Number).join('.') : null
  }
  if (!plain.includes(':') || !URL.canParse(`http://[${plain}]/`)) return null
  return new URL(`http://[${plain}]/`).hostname.slice(1, -1)
}
