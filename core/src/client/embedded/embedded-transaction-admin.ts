import { isObject, readOptions } from '../../base/options.ts'
import type { Broker } from '../../broker/broker.ts'
import { filterRules, fitsFilter, type ResolvedFilter } from '../admin-options.ts'
import type {
  HangingTransactionDescription,
  TransactionAdmin,
  TransactionDescription,
  TransactionFilter,
} from '../transaction-admin.ts'

/** The administration of the transactions of the embedded log. */
export class EmbeddedTransactionAdmin implements TransactionAdmin {
  private readonly broker: Broker

  constructor(broker: Broker) {
    this.broker = broker
  }

  async listTransactions(filter: TransactionFilter = {}): Promise<readonly TransactionDescription[]> {
    this.broker.assertOpen()
    const read = readOptions<ResolvedFilter>('listTransactions', filter, filterRules)
    const now = this.broker.directory.world.clock.now()
    const all = await this.broker.transactions.inspection.list()
    return all.filter((transaction) => fitsFilter(transaction, read, now))
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
