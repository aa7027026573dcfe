import { command, type Command } from '../command.ts'
import { json, place } from '../shared-options.ts'

const load = () => import('../run-groups.ts')

const group = { takes: 'text', shown: 'GROUP', required: true, about: 'which group' } as const
const groups = { takes: 'list', shown: 'GROUP', about: 'which groups; may be given several times' } as const
const allGroups = { takes: 'flag', about: 'every group that there is' } as const
const topics = {
  takes: 'list',
  shown: 'TOPIC[:0,1]',
  about: 'topics, or some of their partitions; may be given several times',
} as const

export const groupCommands: readonly Command[] = [
  command({
    name: 'groups list',
    about: 'all groups, also those that only have committed offsets',
    options: { ...place, json },
    run: async (values, context) => (await load()).listGroups(values, context),
  }),
  command({
    name: 'groups describe',
    about: 'where groups stand in each partition, and how far that is from the end',
    options: {
      ...place,
      group: groups,
      'all-groups': allGroups,
      members: { takes: 'flag', about: 'who is in them, instead of offsets' },
      state: { takes: 'flag', about: 'their state, instead of offsets' },
      json,
    },
    run: async (values, context) => (await load()).describeGroups(values, context),
  }),
  command({
    name: 'groups reset-offsets',
    about: 'set where a group without members stands; without --execute it only says what would be',
    options: {
      ...place,
      group,
      topic: topics,
      'all-topics': { takes: 'flag', about: 'everything that the group has committed' },
      'to-earliest': { takes: 'flag', about: 'to where each partition starts' },
      'to-latest': { takes: 'flag', about: 'to where each partition ends' },
      'to-current': { takes: 'flag', about: 'to where it stands' },
      'to-offset': { takes: 'number', shown: 'OFFSET', about: 'to this offset, or the nearest that there is' },
      'shift-by': {
        takes: 'number',
        minimum: Number.MIN_SAFE_INTEGER,
        about: 'so many further, or back with a number below 0',
      },
      'to-datetime': {
        takes: 'text',
        shown: 'TIME',
        about: 'to the first record at or after a time: 2026-01-31T12:00:00.000, in UTC unless it says',
      },
      'by-duration': { takes: 'text', shown: 'PnDTnHnMnS', about: 'to the first record within this time: P7D, PT1H30M' },
      'dry-run': { takes: 'flag', about: 'only say what would be' },
      execute: { takes: 'flag', about: 'do it' },
      json,
    },
    run: async (values, context) => (await load()).resetOffsets(values, context),
  }),
  command({
    name: 'groups delete-offsets',
    about: 'forget what a group has committed of topics',
    options: { ...place, group, topic: { ...topics, required: true } },
    run: async (values, context) => (await load()).deleteOffsets(values, context),
  }),
  command({
    name: 'groups delete',
    about: 'remove groups without members, and all that they have committed',
    options: { ...place, group: groups, 'all-groups': allGroups },
    run: async (values, context) => (await load()).deleteGroups(values, context),
  }),
]
