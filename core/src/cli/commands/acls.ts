import { command, type Command } from '../command.ts'
import { json, place } from '../shared-options.ts'

const load = () => import('../run-acls.ts')

const resources = {
  topic: { takes: 'list', shown: 'TOPIC', about: 'topics; may be given several times' },
  group: { takes: 'list', shown: 'GROUP', about: 'groups; may be given several times' },
  'transactional-id': { takes: 'list', shown: 'ID', about: 'transactional ids; may be given several times' },
  cluster: { takes: 'flag', about: 'the cluster itself' },
} as const

const who = {
  'allow-principal': { takes: 'list', shown: 'User:NAME', about: 'who may; User:* is everybody' },
  'deny-principal': { takes: 'list', shown: 'User:NAME', about: 'who may not, whatever else allows it' },
  'allow-host': { takes: 'list', shown: 'ADDRESS', about: 'from where those who may; without it from anywhere' },
  'deny-host': { takes: 'list', shown: 'ADDRESS', about: 'from where those who may not; without it from anywhere' },
  operation: {
    takes: 'list',
    shown: 'OPERATION',
    about: 'what: Read, Write, Create, …; without it All; may be given several times',
  },
  producer: { takes: 'flag', about: 'what a producer needs on --topic, and on --transactional-id if there is one' },
  consumer: { takes: 'flag', about: 'what a consumer needs on --topic and --group' },
  idempotent: { takes: 'flag', about: 'with --producer: also to be idempotent where it may write no topic yet' },
} as const

const pattern = {
  takes: 'text',
  choices: ['literal', 'prefixed'],
  default: 'literal',
  about: 'prefixed: all names that begin so',
} as const
const patterns = { ...pattern, choices: ['literal', 'prefixed', 'match', 'any'] } as const

export const aclCommands: readonly Command[] = [
  command({
    name: 'acls list',
    about: 'access rules: who may do what with which resource',
    options: {
      ...place,
      ...resources,
      'resource-pattern-type': {
        ...patterns,
        about: 'which patterns of the names given; match: every rule that holds for such a name',
      },
      principal: { takes: 'list', shown: 'User:NAME', about: 'only rules for these; may be given several times' },
      json,
    },
    run: async (values, context) => (await load()).listAcls(values, context),
  }),
  command({
    name: 'acls add',
    about: 'add access rules; they bind clients of a broker that has authorizer.class.name',
    options: {
      ...place,
      ...resources,
      'resource-pattern-type': pattern,
      ...who,
      json,
    },
    run: async (values, context) => (await load()).addAcls(values, context),
  }),
  command({
    name: 'acls remove',
    about: 'remove access rules: those that the same flags would add, or without a principal all of the resources',
    options: {
      ...place,
      ...resources,
      'resource-pattern-type': patterns,
      ...who,
      force: { takes: 'flag', about: "nothing is asked with or without it; for those used to Kafka's script" },
      json,
    },
    run: async (values, context) => (await load()).removeAcls(values, context),
  }),
]
