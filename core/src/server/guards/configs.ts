import { clusterName, type Operation, type ResourceType } from '../../base/access-rule.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { resourceTypes } from '../config-entries.ts'
import type { RequestContext } from '../handler.ts'
import { clusterRefusal, onCluster, split, type Guard } from './guard.ts'

interface ConfigResource {
  readonly resourceType: number
  readonly resourceName: string
}

/** Whose settings they are. What belongs to no topic and no group is the cluster's. */
function ownerOf({ resourceType, resourceName }: ConfigResource): readonly [ResourceType, string] {
  if (resourceType === resourceTypes.topic) return ['topic', resourceName]
  return resourceType === resourceTypes.group ? ['group', resourceName] : ['cluster', clusterName]
}

function splitByOwner<Resource extends ConfigResource>(
  resources: readonly Resource[],
  operation: Operation,
  { access }: RequestContext,
) {
  return split(resources, (resource) => access.may(operation, ...ownerOf(resource)))
}

function refusal(resource: ConfigResource) {
  const [type] = ownerOf(resource)
  const { resourceType, resourceName } = resource
  const errorCode =
    type === 'topic'
      ? errorCodes.TOPIC_AUTHORIZATION_FAILED
      : type === 'group'
        ? errorCodes.GROUP_AUTHORIZATION_FAILED
        : clusterRefusal.errorCode
  return { resourceType, resourceName, errorCode, errorMessage: `no access rule allows this with the settings of the ${type}` }
}

export const guardDescribeConfigs: Guard<'describeConfigs'> = async (request, context, answer) => {
  const { allowed, refused } = splitByOwner(request.resources, 'describeConfigs', context)
  const answered = (await answer({ ...request, resources: allowed }))!
  return { ...answered, results: [...answered.results, ...refused.map((one) => ({ ...refusal(one), configs: [] }))] }
}

export const guardAlterConfigs: Guard<'alterConfigs'> = async (request, context, answer) => {
  const { allowed, refused } = splitByOwner(request.resources, 'alterConfigs', context)
  const answered = (await answer({ ...request, resources: allowed }))!
  return { ...answered, responses: [...answered.responses, ...refused.map(refusal)] }
}

export const guardIncrementalAlterConfigs: Guard<'incrementalAlterConfigs'> = async (request, context, answer) => {
  const { allowed, refused } = splitByOwner(request.resources, 'alterConfigs', context)
  const answered = (await answer({ ...request, resources: allowed }))!
  return { ...answered, responses: [...answered.responses, ...refused.map(refusal)] }
}

export const guardListConfigResources: Guard<'listConfigResources'> = onCluster('describeConfigs', () => ({
  throttleTimeMs: 0,
  errorCode: clusterRefusal.errorCode,
  configResources: [],
}))

export const guardDescribeClientQuotas: Guard<'describeClientQuotas'> = onCluster('describeConfigs', () => ({
  throttleTimeMs: 0,
  ...clusterRefusal,
  entries: null,
}))

export const guardAlterClientQuotas: Guard<'alterClientQuotas'> = onCluster('alterConfigs', ({ entries }) => ({
  throttleTimeMs: 0,
  entries: entries.map(({ entity }) => ({ ...clusterRefusal, entity })),
}))
