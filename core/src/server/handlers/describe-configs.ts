import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { brokerSettings } from '../broker-settings.ts'
import { groupSettingsShown, resourceTypes, settingsShown, type ConfigEntry } from '../config-entries.ts'
import { checkBrokerName, checkGroupName } from '../config-resources.ts'
import type { Handler, RequestContext } from '../handler.ts'
import { accepted, refusalOf, Refused } from '../refusal.ts'

type Request = RequestOf<'describeConfigs'>
type Resource = Request['resources'][number]
type ResourceAnswer = NonNullable<ResponseDraft<'describeConfigs'>['results']>[number]

/** The settings of topics, of groups and of the broker, each with where its value comes from. Other resources have none. */
export const answerDescribeConfigs: Handler<'describeConfigs'> = (request, context) => ({
  throttleTimeMs: 0,
  results: request.resources.map((resource) => described(resource, request, context)),
})

function described(resource: Resource, request: Request, context: RequestContext): ResourceAnswer {
  const { resourceType, resourceName, configurationKeys } = resource
  const named = { resourceType, resourceName }
  try {
    const entries = entriesOf(resource, context)
    // An empty list asks for all, as none does: so Kafka reads it.
    const wanted = configurationKeys === null || configurationKeys.length === 0 ? null : new Set(configurationKeys)
    const shown = wanted === null ? entries : entries.filter(({ name }) => wanted.has(name))
    return { ...named, ...accepted, configs: shown.map((entry) => answered(entry, request)) }
  } catch (error) {
    return { ...named, ...refusalOf(error), configs: [] }
  }
}

function entriesOf({ resourceType, resourceName }: Resource, context: RequestContext): readonly ConfigEntry[] {
  switch (resourceType) {
    case resourceTypes.topic:
      context.broker.topics.checkName(resourceName)
      return settingsShown(context.broker.topics.get(resourceName).config)
    case resourceTypes.broker:
      checkBrokerName(resourceName, context)
      // Without a name: what was set for all brokers over the wire, and nothing can be.
      return resourceName === '' ? [] : brokerSettings(context)
    case resourceTypes.brokerLogger:
      checkBrokerName(resourceName, context)
      return []
    case resourceTypes.group:
      checkGroupName(resourceName, context)
      return groupSettingsShown(context.broker.groupSettings.describe(resourceName))
    case resourceTypes.clientMetrics:
      return []
    default:
      throw new Refused(errorCodes.INVALID_REQUEST, `there is no resource type ${resourceType}`)
  }
}

function answered(entry: ConfigEntry, { includeSynonyms, includeDocumentation }: Request): ResourceAnswer['configs'][number] {
  const { name, value, readOnly, configSource, configType, synonyms, documentation } = entry
  return {
    name,
    value,
    readOnly,
    configSource,
    isSensitive: false,
    synonyms: includeSynonyms ? synonyms : [],
    configType,
    documentation: includeDocumentation ? documentation : null,
  }
}
