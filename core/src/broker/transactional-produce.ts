import type { TopicPartition } from '../base/ids.ts'
import type { TransactionVersion } from '../coordinator/transaction-state.ts'
import { admit, type Produced } from './produce.ts'
import type { Topics } from './topics.ts'
import type { Transactions } from './transactions.ts'

export interface TransactionalProduce {
  readonly id: string
  /** 2: the partition joins the transaction with its first batch. 1: it must have been added before. Default 2. */
  readonly version?: TransactionVersion
  readonly to: TopicPartition
  readonly batch: Uint8Array
}

/**
 * Appends one record batch that comes from outside to the transaction of its producer; resolves when it is durable. It is taken only while that producer id and epoch have the transaction open (TXN-4, TXN-6).
 * @throws what `produce` throws, INVALID_PRODUCER_ID_MAPPING, INVALID_TXN_STATE, CONCURRENT_TRANSACTIONS
 */
export async function produceTransactional(
  transactions: Transactions,
  topics: Topics,
  { id, version = 2, to, batch: received }: TransactionalProduce,
): Promise<Produced> {
  const { log, batch, header, receivedCrc, appendedAt } = admit(topics, to, received, {
    transactional: true,
    now: transactions.now(),
  })
  const { producerId, producerEpoch, count } = header
  const own = { log, count, sizeBytes: batch.length, receivedCrc, build: (): Uint8Array => batch }
  const { baseOffsets, durable } = await transactions.produce(id, { producerId, producerEpoch }, [own], version)
  await durable
  return { baseOffset: baseOffsets[0]!, appendedAt }
}
