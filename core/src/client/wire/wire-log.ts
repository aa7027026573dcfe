import { coreError } from '../../base/error-catalogue.ts'
import type { CoreMetrics } from '../../base/metric-catalogue.ts'
import type { Metrics, MetricsReader } from '../../base/metrics.ts'
import type { Admin } from '../admin.ts'
import type { Consumer, ConsumerOptions } from '../consumer.ts'
import type { LogClient } from '../log-client.ts'
import type { Producer, ProducerOptions } from '../producer.ts'
import type { Cluster } from './cluster.ts'
import { WireAdmin } from './wire-admin.ts'
import { WireConsumer } from './wire-consumer.ts'
import { WireProducer } from './wire-producer.ts'

/** The client port over Kafka's wire protocol. Closing it ends its connections; the log goes on. */
export class WireLog implements LogClient {
  readonly admin: Admin
  readonly metrics: MetricsReader
  private readonly cluster: Cluster
  private readonly counted: Metrics<CoreMetrics>
  /** Those that are open. */
  private readonly clients = new Set<Producer | Consumer>()
  private readonly forget = (client: Producer | Consumer): void => void this.clients.delete(client)
  private consumers = 0
  private closing: Promise<void> | null = null

  constructor(cluster: Cluster, metrics: Metrics<CoreMetrics> & MetricsReader) {
    this.cluster = cluster
    this.admin = new WireAdmin(cluster)
    this.metrics = metrics
    this.counted = metrics
    metrics.observe('millrace.producer.waiting.size', () => this.waitingBytes())
  }

  async producer(options: ProducerOptions = {}): Promise<Producer> {
    this.assertOpen()
    return this.keep(await WireProducer.open(this.cluster, options, this.forget))
  }

  async consumer(options: ConsumerOptions = {}): Promise<Consumer> {
    this.assertOpen()
    const lane = `consumer ${++this.consumers}`
    return this.keep(new WireConsumer(this.cluster, options, { metrics: this.counted, lane, onClose: this.forget }))
  }

  private waitingBytes(): number {
    let bytes = 0
    for (const client of this.clients) if (client instanceof WireProducer) bytes += client.waitingBytes
    return bytes
  }

  private keep<T extends Producer | Consumer>(client: T): T {
    this.assertOpen()
    this.clients.add(client)
    return client
  }

  /** What a server has acknowledged is as durable as it was set up to make it. */
  async sync(): Promise<void> {
    this.assertOpen()
  }

  private assertOpen(): void {
    if (this.closing !== null) throw coreError('CLOSED', { what: 'the log is closed' })
  }

  /** Waits for what was appended. @throws what failed since a producer's last flush; the connections are ended all the same */
  close(): Promise<void> {
    this.closing ??= this.closeOnce()
    return this.closing
  }

  private async closeOnce(): Promise<void> {
    const closed = await Promise.allSettled([...this.clients].map((client) => client.close()))
    this.cluster.close()
    const failed = closed.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
