import { errorCodes } from '../protocol/error-codes.ts'
import { resourceTypes } from './config-entries.ts'
import { brokersOf } from './cluster-view.ts'
import type { RequestContext } from './handler.ts'
import { Refused } from './refusal.ts'

/** Refuses the name of a broker that is none. Empty: all brokers. @throws Refused */
export function checkBrokerName(name: string, context: RequestContext): void {
  const ids = brokersOf(context).map(({ nodeId }) => String(nodeId))
  if (name === '' || ids.includes(name)) return
  throw new Refused(errorCodes.INVALID_REQUEST, `there is no broker ${JSON.stringify(name)} here, but ${ids.join(', ')}`)
}

/** @throws Refused */
export function checkGroupName(name: string, { broker }: RequestContext): void {
  if (!broker.groups.isName(name)) throw new Refused(errorCodes.INVALID_REQUEST, 'a group has a name')
}

/** Who keeps the settings of such a resource. */
export function ownersOf(
  { resourceType }: { readonly resourceType: number },
  { broker }: RequestContext,
): Pick<RequestContext['broker']['topics'], 'checkConfigChange' | 'changeConfig'> {
  return resourceType === resourceTypes.group ? broker.groupSettings : broker.topics
}

/** Refuses what has no settings that can be changed over the wire. @throws Refused, INVALID_TOPIC_NAME */
export function checkChangeable(type: number, name: string, context: RequestContext): void {
  if (type === resourceTypes.topic) context.broker.topics.checkName(name)
  else if (type === resourceTypes.group) checkGroupName(name, context)
  else refuseChange(type, name, context)
}

/** @throws Refused always */
function refuseChange(type: number, name: string, context: RequestContext): never {
  if (type === resourceTypes.broker || type === resourceTypes.brokerLogger) {
    checkBrokerName(name, context)
    throw new Refused(errorCodes.INVALID_REQUEST, 'the settings of the broker are given when it is opened, and cannot be changed')
  }
  const kinds: readonly number[] = Object.values(resourceTypes)
  throw new Refused(
    errorCodes.INVALID_REQUEST,
    kinds.includes(type) ? 'only topics and groups have settings that can be changed' : `there is no resource type ${type}`,
  )
}
