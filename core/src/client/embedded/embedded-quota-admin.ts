import type { Broker } from '../../broker/broker.ts'
import type { EntityQuotas, QuotaChanges, QuotaEntity } from '../../broker/quotas.ts'
import type { QuotaAdmin } from '../quota-admin.ts'

/** The quotas of the embedded log: kept here, and held to by a server on it. */
export class EmbeddedQuotaAdmin implements QuotaAdmin {
  private readonly broker: Broker

  constructor(broker: Broker) {
    this.broker = broker
  }

  async alterQuotas(entity: QuotaEntity, changes: QuotaChanges): Promise<void> {
    this.broker.assertOpen()
    await this.broker.quotas.alter(entity, changes)
  }

  async listQuotas(): Promise<readonly EntityQuotas[]> {
    this.broker.assertOpen()
    return this.broker.quotas.describe([], false)
  }
}
