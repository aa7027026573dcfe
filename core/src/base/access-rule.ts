/** Access rules in Kafka's model: who may do what with which resource, from where. */
export interface AccessRule {
  readonly resourceType: ResourceType
  /** Of a literal pattern `*` stands for all names. The only name of a cluster is `kafka-cluster`. */
  readonly resourceName: string
  readonly patternType: PatternType
  /** `User:alice`; `User:*` is everybody. */
  readonly principal: string
  /** An address; `*` is any. */
  readonly host: string
  readonly operation: Operation
  readonly permission: Permission
}

/** Which rules are meant; what is left out may be anything. */
export interface AccessRuleFilter {
  readonly resourceType?: ResourceType | undefined
  readonly resourceName?: string | undefined
  /** `match`: every rule that holds for the resource of that name, be it literal, prefixed or `*` (KIP-290). */
  readonly patternType?: PatternType | 'match' | undefined
  readonly principal?: string | undefined
  readonly host?: string | undefined
  readonly operation?: Operation | undefined
  readonly permission?: Permission | undefined
}

export const clusterName = 'kafka-cluster'
/** Stands for all names, all hosts, and behind `User:` for everybody. */
export const wildcard = '*'

/** Kafka's numbers. 0 is unknown and 1 is any, in each of these tables. */
export const resourceTypes = {
  topic: 2,
  group: 3,
  cluster: 4,
  transactionalId: 5,
  delegationToken: 6,
  user: 7,
} as const
export type ResourceType = keyof typeof resourceTypes

/** 2 is `match`, of filters only. */
export const patternTypes = { literal: 3, prefixed: 4 } as const
export type PatternType = keyof typeof patternTypes

export const operations = {
  all: 2,
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  clusterAction: 9,
  describeConfigs: 10,
  alterConfigs: 11,
  idempotentWrite: 12,
  createTokens: 13,
  describeTokens: 14,
  twoPhaseCommit: 15,
} as const
export type Operation = keyof typeof operations

export const permissions = { deny: 2, allow: 3 } as const
export type Permission = keyof typeof permissions

/** What there is to do with a resource of each type, beside all of it. */
export const operationsOf: Readonly<Record<ResourceType, readonly Operation[]>> = {
  topic: ['read', 'write', 'create', 'delete', 'alter', 'describe', 'describeConfigs', 'alterConfigs'],
  group: ['read', 'delete', 'describe', 'describeConfigs', 'alterConfigs'],
  cluster: ['create', 'alter', 'describe', 'clusterAction', 'describeConfigs', 'alterConfigs', 'idempotentWrite'],
  transactionalId: ['write', 'describe', 'twoPhaseCommit'],
  delegationToken: ['describe'],
  user: ['createTokens', 'describeTokens'],
}
