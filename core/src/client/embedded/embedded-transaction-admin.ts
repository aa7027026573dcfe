import { isObject, readOptions, type OptionRules } from '../../base/options.ts'
import type { Broker } from '../../broker/broker.ts'
import type {
  HangingTransactionDescription,
  TransactionAdmin,
  TransactionDescription,
  TransactionFilter,
} from '../transaction-admin.ts'

/** Null: no such condition. */
type FilterRules = { readonly [Name in keyof TransactionFilter]-?: NonNullable<TransactionFilter[Name]> | null }

const isList = (value: unknown): value is readonly never[] => Array.isArray(value)

const filterRules: OptionRules<FilterRules> = {
  states: { check: isList, expected: 'a list of states', default: null },
  producerIds: { check: isList, expected: 'a list of producer ids', default: null },
  olderThanMs: { check: (value) => typeof value === 'number', expected: 'milliseconds', default: null },
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
