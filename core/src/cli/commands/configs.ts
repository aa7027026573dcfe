import { command, type Command } from '../command.ts'
import { json, place } from '../shared-options.ts'

const load = () => import('../run-configs.ts')

const entities = {
  'entity-type': { takes: 'text', choices: ['topics'], default: 'topics', about: 'only topics have settings here' },
  'entity-name': { takes: 'text', shown: 'TOPIC', required: true, also: ['topic'], about: 'the topic; --topic is the same' },
} as const

export const configCommands: readonly Command[] = [
  command({
    name: 'configs describe',
    about: 'the settings of a topic that differ from the defaults',
    options: { ...place, ...entities, all: { takes: 'flag', about: 'all settings, with what they do' }, json },
    run: async (values, context) => (await load()).describeConfigs(values, context),
  }),
  command({
    name: 'configs alter',
    about: 'set and reset settings of a topic: all of them or none',
    options: {
      ...place,
      ...entities,
      'add-config': { takes: 'list', shown: 'NAME=VALUE[,…]', about: 'settings to set; a value with commas in it stands in [ ]' },
      'delete-config': { takes: 'list', shown: 'NAME[,…]', about: 'settings that get their default back' },
    },
    run: async (values, context) => (await load()).alterConfigs(values, context),
  }),
]
