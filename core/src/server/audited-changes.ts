import { clusterName, operations, permissions, resourceTypes } from '../base/access-rule.ts'
import type { ApiName, RequestOf, ResponseDraft } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import type { AuditedThing, AuditSource, AuditTrail } from './audit-trail.ts'
import { resourceTypes as configTypes } from './config-entries.ts'

interface Change extends AuditedThing {
  readonly errorCode: number
}

type Changes<Name extends ApiName> = (request: RequestOf<Name>, response: ResponseDraft<Name>) => readonly Change[]

/** What administrators change. Records, offsets and members of groups are not here: that is what a log is for, and it keeps them itself. */
const changes: { readonly [Name in ApiName]?: Changes<Name> } = {
  createTopics: ({ validateOnly }, { topics }) => (validateOnly ? [] : topics.map((one) => ofTopic(one.name, one.errorCode))),
  deleteTopics: (_, { responses }) => responses.map(({ name, topicId, errorCode }) => ofTopic(name ?? topicId ?? '', errorCode)),
  createPartitions: ({ topics, validateOnly }, { results }) =>
    validateOnly
      ? []
      : results.map(({ name, errorCode }) => {
          const count = topics.find((one) => one.name === name)?.count
          return ofTopic(name, errorCode, `to ${count} partitions`)
        }),
  deleteRecords: ({ topics: asked }, { topics }) =>
    topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, errorCode }) => {
        const own = asked.find((one) => one.name === name)?.partitions
        const before = own?.find((one) => one.partitionIndex === partitionIndex)?.offset
        return ofTopic(name, errorCode, `partition ${partitionIndex} before offset ${before === -1 ? 'of its end' : before}`)
      }),
    ),
  alterConfigs: ({ resources, validateOnly }, { responses }) =>
    validateOnly ? [] : responses.map((one) => ofConfig(one, resources)),
  incrementalAlterConfigs: ({ resources, validateOnly }, { responses }) =>
    validateOnly ? [] : responses.map((one) => ofConfig(one, resources)),
  deleteGroups: (_, { results }) => results.map(({ groupId, errorCode }) => ofGroup(groupId, errorCode, '')),
  offsetDelete: ({ groupId }, { errorCode, topics }) =>
    errorCode === errorCodes.NONE
      ? topics.flatMap(({ name, partitions }) =>
          partitions.map((one) => ofGroup(groupId, one.errorCode, `the offset of ${name}-${one.partitionIndex}`)),
        )
      : [ofGroup(groupId, errorCode, 'offsets')],
  createAcls: ({ creations }, { results }) =>
    results.map(({ errorCode }, index) => ofCluster(errorCode, `adds the access rule ${ruleText(creations[index]!)}`)),
  deleteAcls: ({ filters }, { filterResults }) =>
    filterResults.flatMap(({ errorCode, matchingAcls }, index) =>
      errorCode === errorCodes.NONE
        ? matchingAcls.map((rule) => ofCluster(rule.errorCode, `removes the access rule ${ruleText(rule)}`))
        : [ofCluster(errorCode, `removes access rules by filter ${index}, of ${filters.length}`)],
    ),
  alterClientQuotas: ({ entries, validateOnly }, { entries: answered }) =>
    validateOnly
      ? []
      : answered.map(({ errorCode, entity }, index) => {
          const who = entity.map(({ entityType, entityName }) => `${entityType} ${entityName ?? '<default>'}`).join(', ')
          const keys = (entries[index]?.ops ?? []).map(({ key, remove }) => (remove ? `no ${key}` : key)).join(', ')
          return { resourceType: 'quota', resourceName: who, detail: keys, errorCode }
        }),
  alterUserScramCredentials: ({ deletions }, { results }) =>
    results.map(({ user, errorCode }) => {
      const detail = deletions.some(({ name }) => name === user) ? 'removes credentials' : 'sets credentials'
      return { resourceType: 'user', resourceName: user, detail, errorCode }
    }),
  updateFeatures: ({ featureUpdates, validateOnly }, { errorCode }) =>
    validateOnly
      ? []
      : [ofCluster(errorCode, featureUpdates.map(({ feature, maxVersionLevel }) => `${feature}=${maxVersionLevel}`).join(', '))],
  writeTxnMarkers: (_, { markers }) =>
    markers.flatMap(({ producerId, topics }) =>
      topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, errorCode }) =>
          ofTopic(name, errorCode, `aborts the transaction of producer ${producerId} in partition ${partitionIndex}`),
        ),
      ),
    ),
}

/** Those that access rules refused have been told already. */
const refusals: readonly number[] = [
  errorCodes.TOPIC_AUTHORIZATION_FAILED,
  errorCodes.GROUP_AUTHORIZATION_FAILED,
  errorCodes.CLUSTER_AUTHORIZATION_FAILED,
  errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
]

const errorNames = new Map(Object.entries(errorCodes).map(([name, code]) => [code, name]))

/** Tells what a request has changed, or would have. */
export function tellChanges<Name extends ApiName>(
  trail: AuditTrail,
  source: AuditSource & { readonly api: Name },
  request: RequestOf<Name>,
  response: ResponseDraft<Name> | null,
): void {
  const changesOf: Changes<Name> | undefined = changes[source.api]
  if (changesOf === undefined || response === null) return
  for (const { errorCode, detail, ...resource } of changesOf(request, response)) {
    if (refusals.includes(errorCode)) continue
    if (errorCode === errorCodes.NONE) trail.changed(source, 'done', { ...resource, detail })
    else
      trail.changed(source, 'failed', {
        ...resource,
        detail: [errorNames.get(errorCode) ?? `error ${errorCode}`, detail].filter((one) => one !== '').join(': '),
      })
  }
}

function ofTopic(resourceName: string, errorCode: number, detail = ''): Change {
  return { resourceType: 'topic', resourceName, detail, errorCode }
}

function ofGroup(resourceName: string, errorCode: number, detail: string): Change {
  return { resourceType: 'group', resourceName, detail, errorCode }
}

function ofCluster(errorCode: number, detail: string): Change {
  return { resourceType: 'cluster', resourceName: clusterName, detail, errorCode }
}

interface ConfigResource {
  readonly resourceType: number
  readonly resourceName: string
}

/** Names of settings only: a value may be a secret. */
function ofConfig(
  { resourceType, resourceName, errorCode }: ConfigResource & { readonly errorCode: number },
  asked: readonly (ConfigResource & { readonly configs: readonly { readonly name: string }[] })[],
): Change {
  const own = asked.find((one) => one.resourceType === resourceType && one.resourceName === resourceName)
  const [type = String(resourceType)] = Object.entries(configTypes).find(([, number]) => number === resourceType) ?? []
  const detail = `settings ${(own?.configs ?? []).map(({ name }) => name).join(', ')}`
  return { resourceType: type, resourceName, detail, errorCode }
}

interface WireRule {
  readonly resourceType: number
  readonly resourceName: string
  readonly principal: string
  readonly host: string
  readonly operation: number
  readonly permissionType: number
}

function ruleText({ resourceType, resourceName, principal, host, operation, permissionType }: WireRule): string {
  const [permission, what, type] = [
    nameIn(permissions, permissionType),
    nameIn(operations, operation),
    nameIn(resourceTypes, resourceType),
  ]
  return `${permission} ${principal} from ${host} to ${what} ${type} ${resourceName}`
}

function nameIn(table: Readonly<Record<string, number>>, code: number): string {
  return Object.keys(table).find((name) => table[name] === code) ?? String(code)
}
