import type { Operation, ResourceType } from '../base/access-rule.ts'

/** What whoever sent a request may do. */
export interface Access {
  /** False: the server has no authorizer. */
  readonly isEnforced: boolean
  /** Asked where a no is an answer to the client: it is a refusal, to be told to those who watch. */
  may(operation: Operation, resourceType: ResourceType, name: string): boolean
  /** Asked for what is left out without a word, or where another permission will do. */
  sees(operation: Operation, resourceType: ResourceType, name: string): boolean
  /** Whether there is any resource of the type with which it may be done. */
  maySome(operation: Operation, resourceType: ResourceType): boolean
}

/** Of a server without an authorizer: everybody may do everything. */
export const openAccess: Access = Object.freeze({ isEnforced: false, may: () => true, sees: () => true, maySome: () => true })
