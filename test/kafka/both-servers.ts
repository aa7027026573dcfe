import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embeddedLog, serveLog, type LogClient, type ServedLog } from '@millrace/core'
import { KafkaBroker } from './kafka-broker.ts'
import { KafkaDriver, type ToolEnd } from './kafka-driver.ts'
import { findKafka } from './kafka-home.ts'
import { runKafkaTool, toolClasses } from './kafka-tool.ts'
import type { ToolStep } from './tools/tool-step.ts'

export interface Side {
  /** A process for Kafka's clients and tools, connected to the server. */
  readonly driver: KafkaDriver
  readonly bootstrap: string
}

/** A real Kafka and a served log, and Kafka's clients and tools for each of them. */
export class BothServers implements AsyncDisposable {
  readonly theirs: Side
  readonly ours: Side
  private readonly log: LogClient
  private readonly dir: string
  private readonly kafka: KafkaBroker
  private readonly served: ServedLog

  private constructor(kafka: KafkaBroker, ours: Side, log: LogClient, served: ServedLog, dir: string) {
    this.kafka = kafka
    this.theirs = kafka
    this.ours = ours
    this.log = log
    this.served = served
    this.dir = dir
  }

  static async start(): Promise<BothServers> {
    const dir = mkdtempSync(join(tmpdir(), 'millrace-both-'))
    const kafka = KafkaBroker.start({ 'auto.create.topics.enable': 'true' })
    const log = await embeddedLog({ dir: join(dir, 'data'), durability: 'os', autoCreateTopics: { partitions: 1 } })
    const served = await serveLog(log, { listeners: [{ port: 0 }], maxReplicationFactor: 1 })
    const { host, port } = served.places[0]!
    const ours = { driver: new KafkaDriver(findKafka()), bootstrap: `${host}:${port}` }
    await ours.driver.call('connect', { bootstrap: ours.bootstrap })
    return new BothServers(await kafka, ours, log, served, dir)
  }

  /** The same of both, at the same time. */
  both<T>(work: (side: Side) => Promise<T>): Promise<readonly [theirs: T, ours: T]> {
    return Promise.all([work(this.theirs), work(this.ours)])
  }

  /** Runs the tool of a step against one of them. */
  async tool(
    { driver, bootstrap }: Side,
    { tool, args, input = '', files = {}, ownProcess = false }: ToolStep,
  ): Promise<ToolEnd> {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.dir, name), text)
    const all = args.includes('{bootstrap}') ? args : `${args} --bootstrap-server {bootstrap}`
    const words = all.replaceAll('{bootstrap}', bootstrap).replaceAll('{dir}', this.dir).trim().split(' ')
    if (ownProcess) return runKafkaTool(findKafka(), tool, words)
    return driver.call('tool', { mainClass: toolClasses[tool], args: words, input })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ours.driver[Symbol.asyncDispose]()
    await this.served.close()
    await this.log.close()
    await this.kafka[Symbol.asyncDispose]()
    rmSync(this.dir, { recursive: true, force: true })
  }
}
