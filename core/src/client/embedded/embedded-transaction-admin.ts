import { isIntegerFrom, isObject, isOneOf, readOptions, type OptionRules } from '../../base/options.ts'
import type { Broker } from '../../broker/broker.ts'
import type {
  HangingTransactionDescription,
  TransactionAdmin,
  TransactionDescription,
  TransactionFilter,
  TransactionState,
} from '../transaction-admin.ts'

/** Null: no such condition. */
type FilterRules = { readonly [Name in keyof TransactionFilter]-?: NonNullable<TransactionFilter[Name]> | null }

const isState = isOneOf('Empty', 'Ongoing', 'PrepareCommit', 'PrepareAbort', 'CompleteCommit', 'CompleteAbort', 'Dead')
const isProducerId = isIntegerFrom(0)
const isMilliseconds = isIntegerFrom(0)

const filterRules: OptionRules<FilterRules> = {
  states: {
    check: (value): value is readonly TransactionState[] => Array.isArray(value) && value.every(isState),
    expected: 'a list of Empty, Ongoing, PrepareCommit, PrepareAbort, CompleteCommit, CompleteAbort or Dead',
    default: null,
  },
  producerIds: {
    check: (value): value is readonly number[] => Array.isArray(value) && value.every(isProducerId),
    expected: 'a list of producer ids, each a number from 0',
    default: null,
  },
  olderThanMs: {
    check: (value): value is number | null => isMilliseconds(value),
    expected: 'a number of milliseconds',
    default: null,
  },
}

/** The administration of the transactions of the embedded log. */
export class EmbeddedTransactionAdmin implements TransactionAdmin {
  private readonly broker: Broker

  constructor(broker: Broker) {
    this.broker = broker
  }

  async listTransactions(filter: TransactionFilter = {}): Promise<readonly TransactionDescription[]> {
    this.broker.assertOpen()
    const { states, producerIds, olderThanMs } = readOptions<FilterRules>('listTransactions', filter, filterRules)
    const now = this.broker.directory.world.clock.now()
    const all = await this.broker.transactions.inspection.list()
    return all.filter(
      ({ state, producerId, startedAt }) =>
        (states === null || states.includes(state)) &&
        (producerIds === null || producerIds.includes(producerId)) &&
        (olderThanMs === null || (startedAt !== null && now - startedAt > olderThanMs)),
    )
  }

  async describeTransaction(transactionalId: string): Promise<TransactionDescription> {
    this.broker.assertOpen()
    return this.broker.transactions.inspection.describe(transactionalId)
  }

  async findHangingTransactions(): Promise<readonly HangingTransactionDescription[]> {
    this.broker.assertOpen()
    return this.broker.transactions.inspection.hanging()
  }

  async abortTransaction(target: string | HangingTransactionDescription): Promise<void> {
    this.broker.assertOpen()
    const { transactions } = this.broker
    if (isObject(target)) await transactions.inspection.abortHanging(target)
    else await transactions.abort(target)
  }

  async fenceProducers(transactionalIds: readonly string[]): Promise<void> {
    this.broker.assertOpen()
    await Promise.all(transactionalIds.map((id) => this.broker.transactions.open(id)))
  }
}
