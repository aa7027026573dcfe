import type { MetricsReader } from '../base/metrics.ts'
import type { Admin } from './admin.ts'
import type { Consumer, ConsumerOptions } from './consumer.ts'
import type { Producer, ProducerOptions } from './producer.ts'

/** The log as streams and connectors see it; embedded in this process or an Apache Kafka, the program is the same. */
export interface LogClient extends AsyncDisposable {
  readonly admin: Admin
  /**
   * What this end of the log counts and measures, for `prometheusText`, `openTelemetryProducer`, or to look at: embedded, the
   * whole log; another adapter has its own names. Reading stays possible after `close`.
   */
  readonly metrics: MetricsReader
  /** A transactional producer when `transactionalId` is given: opening it fences every older one of that id. */
  producer(options?: ProducerOptions): Promise<Producer>
  consumer(options?: ConsumerOptions): Promise<Consumer>
  /** Makes everything acknowledged so far durable. Under durability `sync`, and on Kafka, it is so already. */
  sync(): Promise<void>
  /** Waits for what was appended, then closes. A second call does nothing. */
  close(): Promise<void>
}
