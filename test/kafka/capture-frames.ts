import { writeFileSync } from 'node:fs'
import { FrameTap, type TappedFrame } from './frame-tap.ts'
import { KafkaBroker } from './kafka-broker.ts'

/**
 * Captures what clients and a real Kafka say to each other, for core/src/protocol/testdata/captured-frames.txt:
 *
 *     node --conditions=@millrace/source test/kafka/capture-frames.ts FILE < some-fifo
 *
 * It prints the address to give to the clients, which are run by hand, and writes the file when its input ends: the smallest frame
 * of each message, version and client id, in base64.
 */
const settings = {
  'auto.create.topics.enable': 'true',
  'num.partitions': '2',
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
}
const file = process.argv[2]
if (file === undefined) throw new Error('name the file to write')

const tap = await FrameTap.listen()
const kafka = await KafkaBroker.start(
  { ...settings, 'advertised.listeners': `PLAINTEXT://${tap.address}` },
  { limitSeconds: 3600 },
)
tap.leadTo(kafka.bootstrap)
console.log(tap.address)
for await (const _ of process.stdin);
writeFileSync(file, linesOf(tap.frames))
await kafka[Symbol.asyncDispose]()
await tap[Symbol.asyncDispose]()

function linesOf(frames: readonly TappedFrame[]): string {
  const smallest = new Map<string, TappedFrame>()
  for (const frame of frames) {
    const client = clientOf(frame)
    if (client === undefined) continue
    const key = [client, frame.name, frame.kind, frame.version].join(' ')
    const known = smallest.get(key)
    if (known === undefined || frame.bytes.length < known.bytes.length) smallest.set(key, frame)
  }
  return [...smallest]
    .map(([key, { bytes }]) => `${key} ${Buffer.from(bytes).toString('base64')}\n`)
    .sort()
    .join('')
}

/** Client ids are chosen so: `kafkajs-2.2.4`, with whatever the client puts behind. The broker's own are left out. */
function clientOf({ clientId }: TappedFrame): string | undefined {
  return /^(kafkajs|librdkafka|platformatic|java)-[\d.]+/.exec(clientId ?? '')?.[0]
}
