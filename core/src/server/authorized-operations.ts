import { clusterName, operations, operationsOf, type Operation, type ResourceType } from '../base/access-rule.ts'
import type { Access } from './access.ts'

/** What a client may do with a resource, as bits by Kafka's numbers of operations (KIP-430). */
export function operationBits(access: Access, type: ResourceType, name: string): number {
  return bitsOf(operationsOf[type].filter((operation) => access.sees(operation, type, name)))
}

/** For whoever may not even look at the cluster: none. */
export function clusterBits(access: Access): number {
  return access.sees('describe', 'cluster', clusterName) ? operationBits(access, 'cluster', clusterName) : 0
}

/** Where it was asked for, what holds for this client; otherwise as it is. */
export function narrowed(bits: number | undefined, narrow: () => number): number {
  return bits === undefined || bits === notAsked ? notAsked : narrow()
}

function bitsOf(names: readonly Operation[]): number {
  return names.reduce((bits, name) => bits | (1 << operations[name]), 0)
}

/** Without an authorizer that is whatever there is to do with it, as Kafka answers. */
export const allOfTopic: number = bitsOf(operationsOf.topic)
export const allOfCluster: number = bitsOf(operationsOf.cluster)
/** Nobody asked. */
export const notAsked: number = -(2 ** 31)
