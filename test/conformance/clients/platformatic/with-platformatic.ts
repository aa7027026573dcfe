import { Admin, Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka'
import { withServed, type Served } from '../with-served.ts'

type TextProducer = Producer<string, string, string, string>
type TextConsumer = Consumer<string, string, string, string>

/** Clients of @platformatic/kafka, which end with the test. */
interface Clients extends Served {
  readonly producer: (options?: { readonly transactionalId?: string; readonly idempotent?: boolean }) => TextProducer
  /** Of the group `g`. */
  readonly consumer: (options?: { readonly groupInstanceId?: string }) => TextConsumer
  readonly admin: Admin
}

export async function withPlatformatic(work: (clients: Clients) => Promise<void>): Promise<void> {
  await withServed(async (served) => {
    const base = { clientId: 'platformatic', bootstrapBrokers: [served.bootstrap], retries: 2, retryDelay: 20 }
    const admin = new Admin({ ...base, retries: false })
    const open: (TextProducer | TextConsumer)[] = []
    try {
      await work({
        ...served,
        producer: (options) => {
          const producer = new Producer({ ...base, ...options, serializers: stringSerializers })
          open.push(producer)
          return producer
        },
        consumer: (options) => {
          const quick = { maxWaitTime: 50, heartbeatInterval: 50 }
          const consumer = new Consumer({ ...base, ...quick, ...options, groupId: 'g', deserializers: stringDeserializers })
          open.push(consumer)
          return consumer
        },
        admin,
      })
    } finally {
      for (const client of open) await client.close(true)
      await admin.close()
    }
  })
}
