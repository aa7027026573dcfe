/**
 * What a client may do with a resource, as bits by Kafka's numbers of operations (KIP-430). Without an authorizer that is whatever there
 * is to do with it, as Kafka answers.
 */
const operations = {
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
} as const

type Operation = keyof typeof operations

function bitsOf(...names: readonly Operation[]): number {
  return names.reduce((bits, name) => bits | (1 << operations[name]), 0)
}

export const allOfTopic: number = bitsOf(
  'read',
  'write',
  'create',
  'delete',
  'alter',
  'describe',
  'describeConfigs',
  'alterConfigs',
)
export const allOfCluster: number = bitsOf(
  'create',
  'alter',
  'describe',
  'clusterAction',
  'describeConfigs',
  'alterConfigs',
  'idempotentWrite',
)
/** Nobody asked. */
export const notAsked: number = -(2 ** 31)
