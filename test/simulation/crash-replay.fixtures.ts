/**
 * What the log must hold, given the positions that are committed in it (reliability.md §2.6): every task is replayed over the
 * records that it has committed to have read, as they stand in the log, and must have written exactly what the replay writes.
 *
 *   EOS-1, 5  positions: between the start and the end of each input
 *   EOS-2     outputs, in order, per task and partition
 *   EOS-3     changelogs: what they fold to is the store of the replay; a transaction has one record a key, its last
 *   EOS-9     windows: closed and late as in the replay, each row once
 */
import { expect } from 'vitest'
import { int64, string, type Header, type LogClient } from '@millrace/core'
import { MemoryApp, type MemoryOutput } from '@millrace/streams/testing'
import {
  applicationId,
  crashTopology,
  idsSerde,
  inputs,
  partitions,
  paymentSerde,
  topics,
  windowedKeys,
} from './crash-topology.fixtures.ts'
import { endsOf, recordsOf, type LoggedRecord } from './log-content.fixtures.ts'

/** A row of a store, by `key` or `key@start`. */
export type Rows = Readonly<Record<string, { readonly value: unknown; readonly timestamp: number }>>

export interface Replay {
  /** Every input is read to its end and every window is written. */
  readonly complete: boolean
  /** What the stores must hold, by task and store. */
  readonly stores: Readonly<Record<string, Readonly<Record<string, Rows>>>>
}

interface Content {
  readonly committed: ReadonlyMap<string, number>
  readonly ends: ReadonlyMap<string, number>
  readonly records: (topic: string) => readonly LoggedRecord[]
  readonly partitionOf: (key: string) => number
}

export async function checkReplay(log: LogClient): Promise<Replay> {
  const content = await contentOf(log)
  const stores: Record<string, Record<string, Rows>> = {}
  let complete = true
  for (let partition = 0; partition < partitions; partition++) {
    const windows = checkWindows(content, partition)
    const counts = checkCounts(content, partition)
    stores[`0_${partition}`] = windows.stores
    stores[`1_${partition}`] = counts.stores
    complete &&= windows.complete && counts.complete
  }
  return { complete, stores }
}

async function contentOf(log: LogClient): Promise<Content> {
  const committed = new Map<string, number>()
  for (const { topic, partition, offset } of await log.admin.groupOffsets(applicationId))
    committed.set(`${topic}-${partition}`, offset)
  const ends = new Map<string, number>()
  const found = new Map<string, readonly LoggedRecord[]>()
  for (const topic of [...Object.values(topics), ...['counts', 'sums', 'recent'].map(changelogOf)]) {
    found.set(topic, await recordsOf(log, topic))
    for (const [partition, end] of (await endsOf(log, topic)).entries()) ends.set(`${topic}-${partition}`, end)
  }
  await using producer = await log.producer()
  const partitionOf = (key: string): number => producer.partitionOf(topics.counted, key)
  return { committed, ends, records: (topic) => found.get(topic)!, partitionOf }
}

function changelogOf(store: string): string {
  return `${applicationId}-${store}-changelog`
}

/** The records that the task has committed to have read, and whether they are all. */
function readBy(
  { committed, ends, records }: Content,
  topic: string,
  partition: number,
): { read: readonly LoggedRecord[]; atEnd: boolean } {
  const position = committed.get(`${topic}-${partition}`) ?? 0
  const end = ends.get(`${topic}-${partition}`) ?? 0
  expect(position, `${topic}-${partition} is committed beyond its end`).toBeLessThanOrEqual(end)
  return {
    read: records(topic).filter((record) => record.partition === partition && record.offset < position),
    atEnd: position === end,
  }
}

/** Task 0_p: filter and repartition; windows that close on the way and at the end. */
function checkWindows(content: Content, partition: number): { complete: boolean; stores: Record<string, Rows> } {
  const task = new MemoryApp(crashTopology(), { applicationId, partitions: { [topics.input]: partitions } }).task(
    `0_${partition}`,
  )
  const { read, atEnd } = readBy(content, topics.input, partition)
  for (const { key, value, ...rest } of read) {
    task.process({ ...rest, topic: topics.input, key: text(key), value: paymentSerde.read(value!) })
  }
  if (atEnd && read.length > 0) task.endOfInput()
  const outputs = task.take()
  const isMine = ({ value }: LoggedRecord): boolean => paymentSerde.read(value!).from === partition
  const through = content.records(topics.through).filter(isMine)
  expect(through.map(paymentRow)).toEqual(
    byPartition(
      content,
      outputs.filter(({ topic }) => topic === topics.through),
    ),
  )

  const stores: Record<string, Rows> = {}
  let pending = 0
  for (const store of ['sums', 'recent'] as const) {
    const expected = outputs.filter(({ topic }) => topic === topics[store])
    const left = checkFinalRows(content, store, partition, expected)
    const rows = rowsOfStore(task.context.windowStores.get(store)!.rows(), ({ key, start }) => `${String(key)}@${start}`)
    stores[store] = checkChangelog(content, store, partition, { ...rows, ...Object.fromEntries(left) })
    pending += left.length
  }
  return { complete: atEnd && pending === 0, stores }
}

/** The rows that are there come first in what is expected; those that are not are still in the store. */
function checkFinalRows(
  content: Content,
  store: 'sums' | 'recent',
  from: number,
  expected: readonly MemoryOutput[],
): [string, Rows[string]][] {
  const left: [string, Rows[string]][] = []
  for (let partition = 0; partition < partitions; partition++) {
    const there = content
      .records(topics[store])
      .filter((record) => record.partition === partition && text(record.key).startsWith('ab'[from]!))
    const rows = expected.filter(({ key }) => content.partitionOf((key as { key: string }).key) === partition)
    const found = there.map(({ key, value, timestamp, headers }) => ({
      key: windowedKeys[store].read(key),
      value: idsSerde.read(value!),
      timestamp,
      headers: headerTexts(headers),
    }))
    expect(found, `rows of ${store}-${partition}`).toEqual(rows.slice(0, there.length).map(rowOf))
    for (const { key, value, timestamp } of rows.slice(there.length)) {
      const { key: inner, start } = key as { key: string; start: number }
      left.push([`${inner}@${start}`, { value, timestamp }])
    }
  }
  return left
}

/** Task 1_p: one count a record. */
function checkCounts(content: Content, partition: number): { complete: boolean; stores: Record<string, Rows> } {
  const task = new MemoryApp(crashTopology(), { applicationId, partitions: { [topics.input]: partitions } }).task(
    `1_${partition}`,
  )
  const { read, atEnd } = readBy(content, topics.through, partition)
  for (const { key, value, ...rest } of read) {
    task.process({ ...rest, topic: topics.through, key: text(key), value: paymentSerde.read(value!) })
  }
  const counted = content.records(topics.counted).filter((record) => record.partition === partition)
  expect(counted.map(countRow)).toEqual(task.take().map(rowOf))
  const rows = rowsOfStore(task.context.keyValueStores.get('counts')!.rows(), ({ key }) => String(key))
  checkLastOfTransaction(content, partition, counted)
  return { complete: atEnd, stores: { counts: checkChangelog(content, 'counts', partition, rows) } }
}

/** EOS-3: the changelog has, for each transaction and key, the last of the updates that the output has. */
function checkLastOfTransaction(content: Content, partition: number, counted: readonly LoggedRecord[]): void {
  const last = (records: readonly LoggedRecord[]): string[] =>
    [...new Map(records.map((record) => [`${record.transaction} ${text(record.key)}`, int64.read(record.value!)]))]
      .map(String)
      .sort()
  const changelog = content.records(changelogOf('counts')).filter((record) => record.partition === partition)
  expect(last(changelog)).toEqual(last(counted))
  expect(changelog.length, 'one record a key and transaction').toBe(last(changelog).length)
}

/** The last record of each key is what the store of the replay holds. */
function checkChangelog(content: Content, store: string, partition: number, rows: Rows): Rows {
  const folded: Record<string, Rows[string]> = {}
  for (const record of content.records(changelogOf(store))) {
    if (record.partition !== partition) continue
    const name = store === 'counts' ? text(record.key) : windowName(record.key)
    if (record.value === null) delete folded[name]
    else
      folded[name] = {
        value: store === 'counts' ? int64.read(record.value) : idsSerde.read(record.value),
        timestamp: record.timestamp,
      }
  }
  expect(folded, `changelog of ${store}-${partition}`).toEqual(rows)
  return rows
}

/** Key bytes, start as int64, sequence as int32. */
function windowName(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes)
  const split = buffer.length - 12
  return `${buffer.subarray(0, split).toString()}@${Number(buffer.readBigInt64BE(split))}`
}

function rowsOfStore<R extends { readonly value: unknown; readonly timestamp: number }>(
  rows: readonly R[],
  nameOf: (row: R) => string,
): Rows {
  return Object.fromEntries(rows.map((row) => [nameOf(row), { value: row.value, timestamp: row.timestamp }]))
}

function byPartition({ partitionOf }: Content, outputs: readonly MemoryOutput[]): unknown[] {
  return outputs.toSorted((a, b) => partitionOf(String(a.key)) - partitionOf(String(b.key))).map(rowOf)
}

function rowOf({ key, value, timestamp, headers }: MemoryOutput): unknown {
  return { key, value, timestamp, headers: headerTexts(headers) }
}

function paymentRow({ key, value, timestamp, headers }: LoggedRecord): unknown {
  return { key: text(key), value: paymentSerde.read(value!), timestamp, headers: headerTexts(headers) }
}

function countRow({ key, value, timestamp, headers }: LoggedRecord): unknown {
  return { key: text(key), value: int64.read(value!), timestamp, headers: headerTexts(headers) }
}

function headerTexts(headers: readonly Header[]): string[] {
  return headers.map(([name, bytes]) => `${name}=${bytes === null ? '' : text(bytes)}`)
}

function text(key: Uint8Array): string {
  return string.read(key)
}

/** By plain computation, apart from all operators: counts, and the ids in each long window. */
export async function checkTotals(log: LogClient): Promise<void> {
  const counts: Record<string, number> = {}
  const windows: Record<string, number[]> = {}
  for (const { key, value, timestamp } of inputs) {
    if (value.amount > 0) counts[value.to] = (counts[value.to] ?? 0) + 1
    const window = `${key}@${timestamp - (timestamp % 20)}`
    windows[window] = [...(windows[window] ?? []), value.id]
  }
  const counted = await recordsOf(log, topics.counted)
  expect(Object.fromEntries(counted.map((record) => [text(record.key), int64.read(record.value!)]))).toEqual(counts)
  const rows = (await recordsOf(log, topics.sums)).map(({ key, value }) => [windowOf(key), idsSerde.read(value!)] as const)
  expect(rows.length).toBe(Object.keys(windows).length)
  expect(Object.fromEntries(rows)).toEqual(windows)
}

function windowOf(key: Uint8Array): string {
  const { key: inner, start } = windowedKeys.sums.read(key)
  return `${inner}@${start}`
}
