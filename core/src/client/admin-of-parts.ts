import type { AccessRule, AccessRuleFilter } from '../base/access-rule.ts'
import type { TopicPartition } from '../base/ids.ts'
import type { EntityQuotas, QuotaChanges, QuotaEntity } from '../broker/quotas.ts'
import type { AccessAdmin } from './access-admin.ts'
import type { Isolation } from './consumer.ts'
import type { GroupAdmin, GroupDetails, GroupListing, PartitionLag, ResetPlace } from './group-admin.ts'
import type { CommittedPosition } from './producer.ts'
import type { QuotaAdmin } from './quota-admin.ts'
import type {
  HangingTransactionDescription,
  TransactionAdmin,
  TransactionDescription,
  TransactionFilter,
} from './transaction-admin.ts'

export interface AdminParts {
  readonly groups: GroupAdmin
  readonly transactions: TransactionAdmin
  readonly access: AccessAdmin
  readonly quotas: QuotaAdmin
}

/** An administration whose parts, beside topics and records, stand in classes of their own. */
export abstract class AdminOfParts implements GroupAdmin, TransactionAdmin, AccessAdmin, QuotaAdmin {
  private readonly groups: GroupAdmin
  private readonly transactions: TransactionAdmin
  private readonly access: AccessAdmin
  private readonly quotas: QuotaAdmin

  constructor({ groups, transactions, access, quotas }: AdminParts) {
    this.groups = groups
    this.transactions = transactions
    this.access = access
    this.quotas = quotas
  }

  // Groups

  listGroups(): Promise<readonly GroupListing[]> {
    return this.groups.listGroups()
  }

  describeGroups(groups: readonly string[]): Promise<readonly GroupDetails[]> {
    return this.groups.describeGroups(groups)
  }

  deleteGroups(groups: readonly string[]): Promise<void> {
    return this.groups.deleteGroups(groups)
  }

  groupOffsets(group: string): Promise<readonly CommittedPosition[]> {
    return this.groups.groupOffsets(group)
  }

  alterGroupOffsets(group: string, positions: readonly CommittedPosition[]): Promise<void> {
    return this.groups.alterGroupOffsets(group, positions)
  }

  resetGroupOffsets(group: string, partitions: readonly TopicPartition[], to: ResetPlace): Promise<readonly CommittedPosition[]> {
    return this.groups.resetGroupOffsets(group, partitions, to)
  }

  deleteGroupOffsets(group: string, partitions: readonly TopicPartition[]): Promise<void> {
    return this.groups.deleteGroupOffsets(group, partitions)
  }

  groupLag(group: string, options?: { readonly isolation?: Isolation }): Promise<readonly PartitionLag[]> {
    return this.groups.groupLag(group, options)
  }

  // Transactions

  listTransactions(filter?: TransactionFilter): Promise<readonly TransactionDescription[]> {
    return this.transactions.listTransactions(filter)
  }

  describeTransaction(transactionalId: string): Promise<TransactionDescription> {
    return this.transactions.describeTransaction(transactionalId)
  }

  findHangingTransactions(): Promise<readonly HangingTransactionDescription[]> {
    return this.transactions.findHangingTransactions()
  }

  abortTransaction(target: string | HangingTransactionDescription): Promise<void> {
    return this.transactions.abortTransaction(target)
  }

  fenceProducers(transactionalIds: readonly string[]): Promise<void> {
    return this.transactions.fenceProducers(transactionalIds)
  }

  addAccessRules(rules: readonly AccessRule[]): Promise<void> {
    return this.access.addAccessRules(rules)
  }

  removeAccessRules(filters: readonly AccessRuleFilter[]): Promise<readonly AccessRule[]> {
    return this.access.removeAccessRules(filters)
  }

  listAccessRules(filter?: AccessRuleFilter): Promise<readonly AccessRule[]> {
    return this.access.listAccessRules(filter)
  }

  alterQuotas(entity: QuotaEntity, changes: QuotaChanges): Promise<void> {
    return this.quotas.alterQuotas(entity, changes)
  }

  listQuotas(): Promise<readonly EntityQuotas[]> {
    return this.quotas.listQuotas()
  }
}
