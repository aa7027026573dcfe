import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { KafkaBroker } from './kafka-broker.ts'
import { findKafka } from './kafka-home.ts'
import { brokerJava, brokerSettings } from './perf.ts'

/** Kafka Streams at work, with a Kafka on the same machine; driver/StreamsPerf.java says what it does. */
export interface StreamsSpeed {
  readonly seconds: number
  /** Of both processes, Kafka Streams and broker. */
  readonly cpuSeconds: number
}

export type StreamsWork = 'json' | 'count' | 'window' | 'join'

export interface StreamsPerfOptions {
  readonly records: number
  readonly keys: number
  readonly partitions: number
}

export async function measureKafkaStreams(work: StreamsWork, options: StreamsPerfOptions): Promise<StreamsSpeed> {
  await using broker = await KafkaBroker.start(brokerSettings, { javaOptions: brokerJava, limitSeconds: 900 })
  const state = mkdtempSync(join(tmpdir(), 'millrace-kafka-streams-'))
  const child = startStreams([broker.bootstrap, work, ...Object.values(inOrder(options)).map(String), state])
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    await expectLine(lines, child)
    const before = await broker.driver.call('cpuSeconds', {})
    child.stdin.write('\n')
    const { seconds, cpuSeconds } = JSON.parse(await expectLine(lines, child)) as StreamsSpeed
    return { seconds, cpuSeconds: cpuSeconds + (await broker.driver.call('cpuSeconds', {})) - before }
  } finally {
    child.kill('SIGKILL')
    rmSync(state, { recursive: true, force: true })
  }
}

function inOrder({ records, keys, partitions }: StreamsPerfOptions): StreamsPerfOptions {
  return { records, keys, partitions }
}

function startStreams(args: readonly string[]): ChildProcessWithoutNullStreams {
  const { classPath, logging } = findKafka()
  const child = spawn('java', ['-Xmx2g', `-Dlog4j2.configurationFile=${logging}`, '-cp', classPath, 'StreamsPerf', ...args])
  process.once('exit', () => child.kill('SIGKILL'))
  return child
}

async function expectLine(lines: AsyncIterator<string>, child: ChildProcessWithoutNullStreams): Promise<string> {
  const { value, done } = await lines.next()
  if (done !== true) return value
  throw new Error(`Kafka Streams ended with ${child.exitCode}: ${String(child.stderr.read() ?? '')}`)
}
