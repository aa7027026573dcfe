import { command, type Command } from '../command.ts'
import { json, place } from '../shared-options.ts'

const load = () => import('../run-transactions.ts')

const id = { takes: 'text', shown: 'ID', about: 'which transactional id' } as const

export const transactionCommands: readonly Command[] = [
  command({
    name: 'transactions list',
    about: 'transactional ids and the states of their transactions',
    options: {
      ...place,
      'running-longer-than-ms': { takes: 'number', also: ['duration-filter'], about: 'only what is open for longer' },
      json,
    },
    run: async (values, context) => (await load()).listTransactions(values, context),
  }),
  command({
    name: 'transactions describe',
    about: 'the transaction of one transactional id',
    options: { ...place, 'transactional-id': { ...id, required: true }, json },
    run: async (values, context) => (await load()).describeTransaction(values, context),
  }),
  command({
    name: 'transactions find-hanging',
    about: 'transactions that a partition has open and nobody will ever end; exit code 1 when there are some',
    options: { ...place, json },
    run: async (values, context) => (await load()).findHanging(values, context),
  }),
  command({
    name: 'transactions abort',
    about: 'abort the open transaction of a transactional id, or a hanging one by where it begins',
    options: {
      ...place,
      'transactional-id': id,
      topic: { takes: 'text', shown: 'TOPIC', about: 'of a hanging one, with --partition and --start-offset' },
      partition: { takes: 'number', about: 'of a hanging one' },
      'start-offset': { takes: 'number', shown: 'OFFSET', about: 'its first offset, as find-hanging prints it' },
    },
    run: async (values, context) => (await load()).abortTransaction(values, context),
  }),
]
