import { coreError } from '../base/error-catalogue.ts'
import { partitionName } from '../base/ids.ts'
import type { LogClient } from '../client/log-client.ts'
import type { HangingTransactionDescription, TransactionDescription } from '../client/transaction-admin.ts'
import type { CommandContext, ExitCode } from './command.ts'
import { printRows, type Row } from './print-rows.ts'
import { UsageError } from './usage-error.ts'
import { withLog, type Place } from './with-log.ts'

interface ListValues extends Place {
  readonly 'running-longer-than-ms': number | undefined
  readonly json: boolean
}

export function listTransactions(values: ListValues, context: CommandContext): Promise<ExitCode> {
  const olderThanMs = values['running-longer-than-ms']
  return withLog(values, context, async ({ admin }) => {
    const all = await admin.listTransactions(olderThanMs === undefined ? {} : { olderThanMs })
    printRows(all.map(rowOf), values.json, context.out)
  })
}

interface DescribeValues extends Place {
  readonly 'transactional-id': string
  readonly json: boolean
}

export function describeTransaction(values: DescribeValues, context: CommandContext): Promise<ExitCode> {
  return withLog(values, context, async ({ admin }) => {
    const row = rowOf(await admin.describeTransaction(values['transactional-id']))
    if (values.json) context.out(JSON.stringify(row))
    else printRows([row], false, context.out)
  })
}

function rowOf(transaction: TransactionDescription): Row {
  const { transactionalId, state, producerId, producerEpoch, timeoutMs, startedAt, partitions } = transaction
  return { transactionalId, state, producerId, producerEpoch, timeoutMs, startedAt, partitions: partitions.map(partitionName) }
}

interface FindValues extends Place {
  readonly json: boolean
}

export function findHanging(values: FindValues, context: CommandContext): Promise<ExitCode> {
  return withLog(values, context, async ({ admin }) => {
    const hanging = await admin.findHangingTransactions()
    printRows(
      hanging.map(({ topic, partition, producerId, producerEpoch, firstOffset, lastTimestamp }) => ({
        topic,
        partition,
        producerId,
        producerEpoch,
        startOffset: firstOffset,
        lastTimestamp,
      })),
      values.json,
      context.out,
    )
    return hanging.length === 0 ? 0 : 1
  })
}

interface AbortValues extends Place {
  readonly 'transactional-id': string | undefined
  readonly topic: string | undefined
  readonly partition: number | undefined
  readonly 'start-offset': number | undefined
}

export function abortTransaction(values: AbortValues, context: CommandContext): Promise<ExitCode> {
  const { 'transactional-id': id, topic, partition, 'start-offset': start } = values
  const place = [topic, partition, start].filter((one) => one !== undefined).length
  if (id === undefined ? place !== 3 : place !== 0)
    throw new UsageError('--transactional-id, or --topic, --partition and --start-offset of a hanging one')
  return withLog(values, context, async (log) => {
    await log.admin.abortTransaction(id ?? (await hangingAt(log, topic!, partition!, start!)))
    context.out(`aborted the transaction of ${id ?? `${topic}-${partition} at offset ${start}`}`)
  })
}

async function hangingAt(
  { admin }: LogClient,
  topic: string,
  partition: number,
  start: number,
): Promise<HangingTransactionDescription> {
  const found = (await admin.findHangingTransactions()).find(
    (one) => one.topic === topic && one.partition === partition && one.firstOffset === start,
  )
  if (found !== undefined) return found
  throw coreError('INVALID_TXN_STATE', { what: 'no transaction hangs there', where: `${topic}-${partition} at offset ${start}` })
}
