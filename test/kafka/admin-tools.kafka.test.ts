import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { embeddedLog, serveLog } from '@millrace/core'
import { KafkaBroker } from './kafka-broker.ts'
import { findKafka, type KafkaHome } from './kafka-home.ts'

const tools = {
  topics: 'org.apache.kafka.tools.TopicCommand',
  configs: 'kafka.admin.ConfigCommand',
  offsets: 'org.apache.kafka.tools.GetOffsetShell',
} as const

/** What an administrator does, one after the other, each with one of Kafka's own tools in a process of its own. */
const session: readonly (readonly [keyof typeof tools, string])[] = [
  ['topics', '--create --topic a --partitions 3 --replication-factor 1 --config retention.ms=7000'],
  ['topics', '--create --topic b'],
  ['topics', '--create --topic b --if-not-exists'],
  ['topics', '--alter --topic b --partitions 2'],
  ['configs', '--alter --entity-type topics --entity-name a --add-config segment.bytes=2000000,cleanup.policy=[compact,delete]'],
  ['configs', '--alter --entity-type topics --entity-name a --delete-config retention.ms'],
  ['configs', '--describe --entity-type topics --entity-name a'],
  ['topics', '--describe --exclude-internal'],
  ['topics', '--list --exclude-internal'],
  ['offsets', '--topic-partitions a:0-2,b --time latest'],
  ['topics', '--delete --topic b'],
  ['topics', '--list --exclude-internal'],
]

test("Kafka's tools for administrators print here what they print against a Kafka", { timeout: 240_000 }, async () => {
  const home = findKafka()
  const dir = mkdtempSync(join(tmpdir(), 'millrace-tools-'))
  try {
    await using kafka = await KafkaBroker.start()
    await using log = await embeddedLog({ dir, durability: 'os' })
    await using served = await serveLog(log, { listeners: [{ port: 0 }] })
    const { host, port } = served.places[0]!
    for (const [tool, args] of session) {
      const [theirs, ours] = await Promise.all([
        run(home, tools[tool], kafka.bootstrap, args.split(' ')),
        run(home, tools[tool], `${host}:${port}`, args.split(' ')),
      ])
      expect(ours, `${tool} ${args}`).toEqual(theirs)
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

/** What kafka-topics shows of every topic because the broker of the harness says so. */
const ofHarness = /\b(min\.insync\.replicas=1|retention\.ms=-1|message\.timestamp\.after\.max\.ms=\d+)(,|$)/gm

/** What it says to whoever called it; without ids of topics, which are new each time. */
async function run(home: KafkaHome, mainClass: string, bootstrap: string, args: readonly string[]): Promise<readonly string[]> {
  const options = ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', `-Dlog4j2.configurationFile=${home.logging}`]
  const command = [...options, '-cp', home.classPath, mainClass, '--bootstrap-server', bootstrap, ...args]
  const child = spawn('java', command, { stdio: ['ignore', 'pipe', 'inherit'], timeout: 60_000 })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  const text = Buffer.concat(chunks).toString('utf8')
  const plain = text
    .replaceAll(/TopicId: \S+/g, 'TopicId')
    .replaceAll(ofHarness, '')
    .replaceAll(/,$/gm, '')
  return [...plain.split('\n'), `ends with ${status}`]
}
