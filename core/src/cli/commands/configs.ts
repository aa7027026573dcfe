import { command, type Command } from '../command.ts'
import { json, place } from '../shared-options.ts'

const load = () => import('../run-configs.ts')

const entities = {
  'entity-type': {
    takes: 'text',
    choices: ['topics', 'users', 'clients', 'ips'],
    default: 'topics',
    about: 'topics have settings; users, client ids and addresses have quotas',
  },
  'entity-name': { takes: 'text', shown: 'NAME', also: ['topic'], about: 'which one; for a topic --topic is the same' },
  'entity-default': { takes: 'flag', about: 'the quotas of all who have none of their own' },
} as const

export const configCommands: readonly Command[] = [
  command({
    name: 'configs describe',
    about: 'the settings of a topic that differ from the defaults; the quotas of users, client ids and addresses',
    options: { ...place, ...entities, all: { takes: 'flag', about: 'all settings, with what they do' }, json },
    run: async (values, context) => (await load()).describeConfigs(values, context),
  }),
  command({
    name: 'configs alter',
    about: 'set and reset settings of a topic, or quotas: all of them or none',
    options: {
      ...place,
      ...entities,
      'add-config': { takes: 'list', shown: 'NAME=VALUE[,…]', about: 'settings to set; a value with commas in it stands in [ ]' },
      'delete-config': { takes: 'list', shown: 'NAME[,…]', about: 'settings that get their default back' },
    },
    run: async (values, context) => (await load()).alterConfigs(values, context),
  }),
]
