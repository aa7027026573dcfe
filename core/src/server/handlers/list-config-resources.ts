import { errorCodes } from '../../protocol/error-codes.ts'
import { brokersOf } from '../cluster-view.ts'
import { resourceTypes } from '../config-entries.ts'
import type { Handler, RequestContext } from '../handler.ts'

/** What can be asked for its settings. Version 0 asks for client metrics alone, which are not served. */
export const answerListConfigResources: Handler<'listConfigResources'> = async ({ resourceTypes: asked }, context) => {
  const known: readonly number[] = Object.values(resourceTypes)
  if (asked.some((type) => !known.includes(type)))
    return { throttleTimeMs: 0, errorCode: errorCodes.UNSUPPORTED_VERSION, configResources: [] }
  const types = context.version === 0 ? [resourceTypes.clientMetrics] : asked.length === 0 ? known : asked
  const named = await Promise.all(
    types.map(async (resourceType) =>
      (await namesOf(resourceType, context)).map((resourceName) => ({ resourceName, resourceType })),
    ),
  )
  return { throttleTimeMs: 0, errorCode: errorCodes.NONE, configResources: named.flat() }
}

async function namesOf(type: number, context: RequestContext): Promise<string[]> {
  switch (type) {
    case resourceTypes.topic:
      return (await context.broker.topics.list()).map(({ topic }) => topic)
    case resourceTypes.broker:
    case resourceTypes.brokerLogger:
      return brokersOf(context).map(({ nodeId }) => String(nodeId))
    case resourceTypes.group:
      return [...context.broker.groupSettings.groups]
    default:
      return []
  }
}
