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

/** @throws Refused always: nothing but topics can be changed over the wire */
export function refuseChange(type: number, name: string, context: RequestContext): never {
  if (type === resourceTypes.broker || type === resourceTypes.brokerLogger) {
    checkBrokerName(name, context)
    throw new Refused(errorCodes.INVALID_REQUEST, 'the settings of the broker are given when it is opened, and cannot be changed')
  }
  const kinds: readonly number[] = Object.values(resourceTypes)
  throw new Refused(
    errorCodes.INVALID_REQUEST,
    kinds.includes(type) ? 'only topics have settings that can be changed' : `there is no resource type ${type}`,
  )
}
