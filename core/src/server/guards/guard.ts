import { clusterName, type Operation } from '../../base/access-rule.ts'
import type { ApiName, RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Access } from '../access.ts'
import type { Handler, RequestContext } from '../handler.ts'
import type { Refusal } from '../refusal.ts'

type Answered<Name extends ApiName> = ReturnType<Handler<Name>>

/**
 * Stands before the handler of an API where there are access rules: hands over what the client may ask for, refuses the rest, and takes out
 * of the answer what it may not see. Handlers know nothing of rules, but fetch.
 */
export type Guard<Name extends ApiName> = (
  request: RequestOf<Name>,
  context: RequestContext,
  answer: (request: RequestOf<Name>) => Answered<Name>,
) => Answered<Name>

export interface Split<T> {
  readonly allowed: readonly T[]
  readonly refused: readonly T[]
}

export function split<T>(all: readonly T[], isAllowed: (one: T) => boolean): Split<T> {
  const allowed: T[] = []
  const refused: T[] = []
  for (const one of all) (isAllowed(one) ? allowed : refused).push(one)
  return { allowed, refused }
}

export function mayOnCluster({ access }: RequestContext, operation: Operation): boolean {
  return access.may(operation, 'cluster', clusterName)
}

export const clusterRefusal: Refusal = Object.freeze({
  errorCode: errorCodes.CLUSTER_AUTHORIZATION_FAILED,
  errorMessage: 'no access rule allows this on the cluster',
})

/** For APIs that one permission on the cluster opens. */
export function onCluster<Name extends ApiName>(
  operation: Operation,
  refused: (request: RequestOf<Name>, version: number) => ResponseDraft<Name>,
): Guard<Name> {
  return (request, context, answer) => (mayOnCluster(context, operation) ? answer(request) : refused(request, context.version))
}

/** For APIs of the members of a group. */
export function onGroup<Name extends ApiName>(
  groupOf: (request: RequestOf<Name>) => string,
  refused: (request: RequestOf<Name>, version: number) => ResponseDraft<Name>,
): Guard<Name> {
  return (request, context, answer) =>
    context.access.may('read', 'group', groupOf(request)) ? answer(request) : refused(request, context.version)
}

export function mayWithTopic(access: Access, operation: Operation, name: string | undefined): boolean {
  // What has no name here is answered as unknown: an id says nothing to whoever does not know it.
  return name === undefined || access.may(operation, 'topic', name)
}
