import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { checkChangeable, ownersOf } from '../config-resources.ts'
import type { Handler, RequestContext } from '../handler.ts'
import { duplicatesOf, outcomeOf, Refused, type Refusal } from '../refusal.ts'

type Resource = RequestOf<'alterConfigs'>['resources'][number]
type ResourceAnswer = NonNullable<ResponseDraft<'alterConfigs'>['responses']>[number]

/** A change of the settings of one resource, whichever API brings it. */
export interface ResourceChange {
  readonly resourceType: number
  readonly resourceName: string
  readonly configs: readonly { readonly name: string }[]
}

/** Gives topics and groups exactly these settings: what is not named goes back to its default. Each resource for itself. */
export const answerAlterConfigs: Handler<'alterConfigs'> = async ({ resources, validateOnly }, context) => ({
  throttleTimeMs: 0,
  responses: await eachResource(resources, context, (resource) => replace(resource, validateOnly, context)),
})

async function replace(resource: Resource, validateOnly: boolean, context: RequestContext): Promise<void> {
  const { resourceName, configs } = resource
  const empty = configs.find(({ value }) => value === null)
  if (empty !== undefined) throw new Refused(errorCodes.INVALID_REQUEST, `the setting ${empty.name} has no value`)
  const decide = (config: Readonly<Record<string, string>>): Record<string, string | null> => ({
    ...Object.fromEntries(Object.keys(config).map((name) => [name, null])),
    ...Object.fromEntries(configs.map(({ name, value }) => [name, value])),
  })
  const owners = ownersOf(resource, context)
  if (validateOnly) owners.checkConfigChange(resourceName, decide)
  else await owners.changeConfig(resourceName, decide)
}

/** One after the other; refused are those that come twice, name a setting twice, or cannot be changed. */
export async function eachResource<Change extends ResourceChange>(
  resources: readonly Change[],
  context: RequestContext,
  work: (resource: Change) => Promise<void>,
): Promise<ResourceAnswer[]> {
  const twice = duplicatesOf(resources.map(keyOf))
  const answers: ResourceAnswer[] = []
  for (const resource of resources) {
    const { resourceType, resourceName } = resource
    answers.push({ resourceType, resourceName, ...(await outcome(resource, twice.has(keyOf(resource)))) })
  }
  return answers

  function outcome(resource: Change, comesTwice: boolean): Promise<Refusal> {
    return outcomeOf(() => {
      if (comesTwice) throw new Refused(errorCodes.INVALID_REQUEST, 'the request names this resource more than once')
      checkNames(resource)
      const { resourceType, resourceName } = resource
      checkChangeable(resourceType, resourceName, context)
      return work(resource)
    })
  }
}

function keyOf({ resourceType, resourceName }: ResourceChange): string {
  return `${resourceType}/${resourceName}`
}

function checkNames({ configs }: ResourceChange): void {
  const [name] = duplicatesOf(configs.map((config) => config.name))
  if (name !== undefined) throw new Refused(errorCodes.INVALID_REQUEST, `the request names the setting ${name} more than once`)
}
