import { command, type Command } from '../command.ts'
import { json, place } from '../shared-options.ts'

const load = () => import('../run-topics.ts')

const topics = {
  takes: 'list',
  shown: 'TOPIC',
  about: 'which topics; may be given several times, or with commas between',
} as const
const partitions = { takes: 'number', minimum: 1, about: 'how many partitions' } as const

export const topicCommands: readonly Command[] = [
  command({
    name: 'topics list',
    about: 'the names of all topics',
    options: { ...place, 'exclude-internal': { takes: 'flag', about: "leave out the log's own topics" }, json },
    run: async (values, context) => (await load()).listTopics(values, context),
  }),
  command({
    name: 'topics create',
    about: 'make a topic',
    options: {
      ...place,
      topic: { takes: 'text', shown: 'TOPIC', required: true, about: 'its name' },
      partitions: { ...partitions, default: 1 },
      config: { takes: 'list', shown: 'NAME=VALUE', about: 'a setting, as core/README.md lists them' },
      'if-not-exists': { takes: 'flag', about: 'a topic of that name is no failure' },
      'replication-factor': {
        takes: 'number',
        minimum: 1,
        about:
          'copies of each partition; without it as the server is set up. One process has one copy, and shows what was asked for',
      },
    },
    run: async (values, context) => (await load()).createTopic(values, context),
  }),
  command({
    name: 'topics describe',
    about: 'partitions, settings and offsets of topics',
    options: { ...place, topic: topics, 'exclude-internal': { takes: 'flag', about: "leave out the log's own topics" }, json },
    run: async (values, context) => (await load()).describeTopics(values, context),
  }),
  command({
    name: 'topics alter',
    about: 'give a topic more partitions; keys go to other partitions then',
    options: {
      ...place,
      topic: { takes: 'text', shown: 'TOPIC', required: true, about: 'which topic' },
      partitions: { ...partitions, required: true },
    },
    run: async (values, context) => (await load()).alterTopic(values, context),
  }),
  command({
    name: 'topics delete',
    about: 'remove topics and all that is in them: all of them or none',
    options: {
      ...place,
      topic: { ...topics, required: true },
      'if-exists': { takes: 'flag', about: 'a topic that is not there is no failure' },
    },
    run: async (values, context) => (await load()).deleteTopics(values, context),
  }),
]
