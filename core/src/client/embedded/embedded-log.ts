import { coreError } from '../../base/error-catalogue.ts'
import type { MetricsReader } from '../../base/metrics.ts'
import type { Broker } from '../../broker/broker.ts'
import type { Admin } from '../admin.ts'
import type { Consumer, ConsumerOptions } from '../consumer.ts'
import type { LogClient } from '../log-client.ts'
import type { Producer, ProducerOptions } from '../producer.ts'
import { EmbeddedAdmin } from './embedded-admin.ts'
import { EmbeddedConsumer } from './embedded-consumer.ts'
import { EmbeddedProducer } from './embedded-producer.ts'

/** The client port over a broker in the same process. Closing it closes the broker. */
export class EmbeddedLog implements LogClient {
  readonly admin: Admin
  readonly metrics: MetricsReader
  /** For `serveLog`: the wire stands on the same. */
  readonly broker: Broker
  /** Those that are open. */
  private readonly clients = new Set<Producer | Consumer>()
  private readonly forget = (client: Producer | Consumer): void => void this.clients.delete(client)
  private closing: Promise<void> | null = null

  constructor(broker: Broker) {
    this.broker = broker
    this.admin = new EmbeddedAdmin(broker)
    this.metrics = broker.metrics
    broker.metrics.observe('millrace.producer.waiting.size', () => this.waitingBytes())
  }

  async producer(options: ProducerOptions = {}): Promise<Producer> {
    this.assertOpen()
    return this.keep(await EmbeddedProducer.open(this.broker, options, this.forget))
  }

  async consumer(options: ConsumerOptions = {}): Promise<Consumer> {
    return this.keep(new EmbeddedConsumer(this.broker, options, this.forget))
  }

  private waitingBytes(): number {
    let bytes = 0
    for (const client of this.clients) if (client instanceof EmbeddedProducer) bytes += client.waitingBytes
    return bytes
  }

  private keep<T extends Producer | Consumer>(client: T): T {
    this.assertOpen()
    this.clients.add(client)
    return client
  }

  async sync(): Promise<void> {
    this.assertOpen()
    await this.broker.directory.sync()
  }

  private assertOpen(): void {
    if (this.closing !== null) throw coreError('CLOSED', { what: 'the log is closed', where: this.broker.directory.folder })
  }

  /** Waits for what was appended. @throws what failed since a producer's last flush; the log is closed all the same */
  close(): Promise<void> {
    this.closing ??= this.closeOnce()
    return this.closing
  }

  private async closeOnce(): Promise<void> {
    const closed = await Promise.allSettled([...this.clients].map((client) => client.close()))
    await this.broker.close()
    const failed = closed.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
