import { rmSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findKafka, type KafkaHome } from '../kafka/kafka-home.ts'
import { consumePerf, endToEndLatency, producePerf, type EndToEndLatency } from '../kafka/perf-tools.ts'
import { BareJournal } from './bare-disk.ts'
import { Latencies } from './latencies.ts'
import type { BenchRow, Figures } from './row.ts'
import { kafkaServer, millraceServer, type WireServer } from './wire-server.ts'

/**
 * Kafka's own measuring tools against a broker of ours and an Apache Kafka on the same machine, in turns; medians of the rounds.
 *
 * Both servers run all the time, so that neither has the machine's cache for itself; only one of them works at a time. Ours has each
 * answer's records on the disk (`durability: sync`), Kafka in the page cache; the same with `durability: os` stands in the figures.
 */
export interface WireSize {
  readonly rounds: number
  /** Of 100 bytes. */
  readonly smallRecords: number
  /** Of 1,000 bytes. */
  readonly largeRecords: number
  readonly latencyRecords: number
  readonly idleMs: number
}

export const fullWireSize: WireSize = {
  rounds: 3,
  smallRecords: 2_000_000,
  largeRecords: 500_000,
  latencyRecords: 5_000,
  idleMs: 10_000,
}

/** Those whose answers are measured: ours, ours without a sync for each answer, and Kafka. */
const names = ['ours', 'os', 'kafka'] as const
type Name = (typeof names)[number]
type Servers = Readonly<Record<Name, WireServer>>

interface Bench {
  readonly servers: Servers
  /** Where the tools are. */
  readonly home: KafkaHome
}

interface Measured {
  readonly value: number
  readonly cpuSeconds: number
}

type Samples = Readonly<Record<Name, Measured[]>>

/** As the tool of Kafka has them, but for acks, which is the default of producers all the same. */
const client = ['acks=all']

export async function measureWire(size: WireSize): Promise<BenchRow[]> {
  await using ours = await millraceServer('sync')
  await using os = await millraceServer('os')
  await using kafka = await kafkaServer()
  const servers = { ours, os, kafka }
  const bench = { servers, home: findKafka() }
  const memory = await idleMemory(servers, size.idleMs)
  const small = await produceRow(bench, 'wire-produce-100', 100, size.smallRecords, size.rounds)
  const large = await produceRow(bench, 'wire-produce-1000', 1000, size.largeRecords, size.rounds)
  const consumed = await consumeRow(bench, size)
  const latency = await latencyRow(bench, size)
  const start = await startRow(servers, size.rounds)
  return [small, large, consumed, latency, start, memory]
}

async function produceRow(
  { servers, home }: Bench,
  row: string,
  recordBytes: number,
  records: number,
  rounds: number,
): Promise<BenchRow> {
  const samples = noSamples()
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const perf = { bootstrap: servers[name].bootstrap, topic: row, records, recordBytes, client }
      samples[name].push(await withCpu(servers[name], () => producePerf(home, perf)))
    }
  }
  return throughput(row, records, recordBytes, samples)
}

/** Reads what was produced last. */
async function consumeRow({ servers, home }: Bench, { smallRecords, rounds }: WireSize): Promise<BenchRow> {
  const samples = noSamples()
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const perf = { bootstrap: servers[name].bootstrap, topic: 'wire-produce-100', records: smallRecords * rounds }
      samples[name].push(await withCpu(servers[name], () => consumePerf(home, perf)))
    }
  }
  return throughput('wire-consume-100', smallRecords * rounds, 100, samples)
}

async function latencyRow({ servers, home }: Bench, { latencyRecords, rounds }: WireSize): Promise<BenchRow> {
  const found: Record<Name, EndToEndLatency[]> = { ours: [], os: [], kafka: [] }
  const syncP99: number[] = []
  for (let round = 0; round < rounds; round++) {
    syncP99.push(await syncP99Ms(Math.min(latencyRecords, 2_000)))
    for (const name of names) {
      const perf = { bootstrap: servers[name].bootstrap, topic: 'latency', records: latencyRecords, recordBytes: 100 }
      found[name].push(await endToEndLatency(home, perf))
    }
  }
  const of = (name: Name, which: keyof EndToEndLatency): number => median(found[name].map((one) => one[which]))
  const allowedMs = of('kafka', 'p99Ms') + median(syncP99)
  const figures = {
    p99Ms: of('ours', 'p99Ms'),
    osP99Ms: of('os', 'p99Ms'),
    kafkaP99Ms: of('kafka', 'p99Ms'),
    syncP99Ms: median(syncP99),
    allowedMs,
    p50Ms: of('ours', 'p50Ms'),
    osP50Ms: of('os', 'p50Ms'),
    kafkaP50Ms: of('kafka', 'p50Ms'),
  }
  return single('wire-latency-p99', latencyRecords, figures.p99Ms / 1e3, allowedMs / 1e3, figures)
}

/** Of a write and fdatasync of a record's bytes over a file that is there already. */
async function syncP99Ms(count: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-sync-'))
  try {
    const bare = await BareJournal.create(join(folder, 'bare'), 200)
    const latencies = new Latencies()
    for (let index = 0; index < count; index++) {
      const startedAt = performance.now()
      await bare.append()
      latencies.add(performance.now() - startedAt)
    }
    bare.close()
    return latencies.quantileMs(0.99)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** From the start of the process to its first answer, on a directory that has data. */
async function startRow({ ours, kafka }: Servers, rounds: number): Promise<BenchRow> {
  const [oursMs, kafkaMs]: [number[], number[]] = [[], []]
  const firstMs = ours.readyMs
  for (let round = 0; round < rounds; round++) {
    await ours.restart()
    oursMs.push(ours.readyMs)
    await kafka.restart()
    kafkaMs.push(kafka.readyMs)
  }
  const figures = { readyMs: median(oursMs), kafkaReadyMs: median(kafkaMs), onNewDirectoryMs: firstMs }
  return single('start', 1, median(oursMs) / 1e3, median(kafkaMs) / 1e3, figures)
}

async function idleMemory({ ours, kafka }: Servers, idleMs: number): Promise<BenchRow> {
  await new Promise((resolve) => setTimeout(resolve, idleMs))
  const figures = { residentMb: ours.residentMb, kafkaResidentMb: kafka.residentMb }
  return single('idle-memory', 1, figures.residentMb, figures.kafkaResidentMb, figures)
}

async function withCpu(server: WireServer, work: () => Promise<number>): Promise<Measured> {
  const before = server.cpuSeconds
  const value = await work()
  return { value, cpuSeconds: server.cpuSeconds - before }
}

function throughput(row: string, records: number, recordBytes: number, samples: Samples): BenchRow {
  const perSecond = (name: Name): number => median(samples[name].map(({ value }) => value))
  const cpuSeconds = (name: Name): number => median(samples[name].map((one) => one.cpuSeconds))
  const seconds = records / perSecond('ours')
  return {
    row,
    records,
    seconds: rounded(seconds, 3),
    recordsPerSecond: Math.round(perSecond('ours')),
    megabytesPerSecond: rounded((records * recordBytes) / seconds / 1e6, 1),
    cpuSeconds: rounded(cpuSeconds('ours'), 2),
    reference: Math.round(perSecond('kafka')),
    ratio: rounded(perSecond('ours') / perSecond('kafka'), 3),
    figures: {
      osPerSecond: Math.round(perSecond('os')),
      osRatio: rounded(perSecond('os') / perSecond('kafka'), 2),
      kafkaCpuSeconds: rounded(cpuSeconds('kafka'), 2),
    },
  }
}

/** A row of which less is better: `ratio` is still ours to the reference's in what is done a second, so that more is better. */
function single(row: string, records: number, ours: number, reference: number, figures: Figures): BenchRow {
  return {
    row,
    records,
    seconds: rounded(ours, 4),
    recordsPerSecond: 0,
    megabytesPerSecond: 0,
    cpuSeconds: 0,
    reference: 0,
    ratio: rounded(reference / ours, 3),
    figures: Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, rounded(value, 2)])),
  }
}

function noSamples(): Record<Name, Measured[]> {
  return { ours: [], os: [], kafka: [] }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
