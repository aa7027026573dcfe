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
  private readonly broker: Broker
  private readonly clients = new Set<Producer | Consumer>()

  constructor(broker: Broker) {
    this.broker = broker
    this.admin = new EmbeddedAdmin(broker)
  }

  async producer(options: ProducerOptions = {}): Promise<Producer> {
    return this.keep(await EmbeddedProducer.open(this.broker, options))
  }

  async consumer(options: ConsumerOptions = {}): Promise<Consumer> {
    return this.keep(new EmbeddedConsumer(this.broker, options))
  }

  private keep<T extends Producer | Consumer>(client: T): T {
    this.clients.add(client)
    return client
  }

  /** Waits for what was appended. @throws what failed since a producer's last flush; the log is closed all the same */
  async close(): Promise<void> {
    const clients = [...this.clients]
    this.clients.clear()
    const closed = await Promise.allSettled(clients.map((client) => client.close()))
    await this.broker.close()
    const failed = closed.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
