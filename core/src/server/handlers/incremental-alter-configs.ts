import type { RequestOf } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { isListSetting, usualValue } from '../config-entries.ts'
import { ownersOf } from '../config-resources.ts'
import type { Handler, RequestContext } from '../handler.ts'
import { Refused } from '../refusal.ts'
import { eachResource } from './alter-configs.ts'

type Resource = RequestOf<'incrementalAlterConfigs'>['resources'][number]
type Change = Resource['configs'][number]

const operations = { set: 0, delete: 1, append: 2, subtract: 3 } as const

/** Changes the named settings of topics and groups and leaves the others (KIP-339). All changes of a resource or none, each resource for itself. */
export const answerIncrementalAlterConfigs: Handler<'incrementalAlterConfigs'> = async (
  { resources, validateOnly },
  context,
) => ({
  throttleTimeMs: 0,
  responses: await eachResource(resources, context, (resource) => change(resource, validateOnly, context)),
})

async function change(resource: Resource, validateOnly: boolean, context: RequestContext): Promise<void> {
  const { resourceName, configs } = resource
  const owners = ownersOf(resource, context)
  const decide = (config: Readonly<Record<string, string>>): Record<string, string | null> =>
    Object.fromEntries(configs.map((one) => [one.name, changed(one, config[one.name])]))
  if (validateOnly) owners.checkConfigChange(resourceName, decide)
  else await owners.changeConfig(resourceName, decide)
}

/** Null: the default. @throws Refused */
function changed({ name, configOperation, value }: Change, current: string | undefined): string | null {
  if (configOperation === operations.delete) return null
  if (value === null) throw new Refused(errorCodes.INVALID_REQUEST, `the setting ${name} has no value`)
  if (configOperation === operations.set) return value
  if (configOperation !== operations.append && configOperation !== operations.subtract)
    throw new Refused(errorCodes.INVALID_REQUEST, `there is no operation ${configOperation}`)
  if (!isListSetting(name)) throw new Refused(errorCodes.INVALID_CONFIG, `the setting ${name} is no list that takes more or less`)
  const present = partsOf(current ?? usualValue(name))
  const named = partsOf(value)
  const left = present.filter((part) => !named.includes(part))
  return configOperation === operations.subtract
    ? left.join(',')
    : [...present, ...named.filter((part) => !present.includes(part))].join(',')
}

function partsOf(list: string): string[] {
  return list.split(',').filter((part) => part !== '')
}
