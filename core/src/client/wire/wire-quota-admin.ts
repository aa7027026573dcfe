import type { EntityQuotas, QuotaChanges, QuotaEntity } from '../../broker/quotas.ts'
import type { QuotaAdmin } from '../quota-admin.ts'
import type { Cluster } from './cluster.ts'
import { checkCode } from './refusals.ts'

/** The quotas of a log that is reached over the wire. They are kept by the controller. */
export class WireQuotaAdmin implements QuotaAdmin {
  private readonly cluster: Cluster

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  async alterQuotas(entity: QuotaEntity, changes: QuotaChanges): Promise<void> {
    this.cluster.assertOpen()
    const entry = {
      entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
      ops: Object.entries(changes).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
    }
    await this.cluster.retrying(async () => {
      const { entries } = await (
        await this.cluster.controller()
      ).ask('alterClientQuotas', { entries: [entry], validateOnly: false })
      const means = { INVALID_REQUEST: 'INVALID_QUOTA' } as const
      for (const { errorCode, errorMessage } of entries)
        checkCode(errorCode, { where: 'AlterClientQuotas', message: errorMessage, means })
    })
  }

  async listQuotas(): Promise<readonly EntityQuotas[]> {
    this.cluster.assertOpen()
    return this.cluster.retrying(async () => {
      const answer = await (await this.cluster.any()).ask('describeClientQuotas', { components: [], strict: false })
      checkCode(answer.errorCode, { where: 'DescribeClientQuotas', message: answer.errorMessage })
      return (answer.entries ?? []).map(({ entity, values }) => ({
        entity: Object.fromEntries(entity.map(({ entityType, entityName }) => [entityType, entityName])),
        values: Object.fromEntries(values.map(({ key, value }) => [key, value])),
      }))
    })
  }
}
