import type { EntityQuotas, QuotaEntity } from '../broker/quotas.ts'

/** Quotas of clients, in Kafka's model (KIP-546): what they are and for whom, see docs/quotas.md. They bind clients of a server. */
export interface QuotaAdmin {
  /**
   * Sets (a value) or removes (null) quotas of an entity, all or none: `alterQuotas({ user: 'alice' }, { producer_byte_rate: 1_000_000 })`.
   * A name that is null is the default of its type. @throws INVALID_QUOTA
   */
  alterQuotas(entity: QuotaEntity, changes: Readonly<Record<string, number | null>>): Promise<void>
  /** Every entity that has quotas, with all of them. */
  listQuotas(): Promise<readonly EntityQuotas[]>
}
