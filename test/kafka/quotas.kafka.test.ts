import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { embeddedLog, serveLog } from '@millrace/core'
import { KafkaBroker } from './kafka-broker.ts'
import { findKafka, type KafkaHome } from './kafka-home.ts'

/** What an administrator does with quotas, one after the other, each by kafka-configs in a process of its own. */
const session: readonly string[] = [
  '--alter --entity-type users --entity-name alice --add-config producer_byte_rate=1024,request_percentage=12.5',
  '--alter --entity-type users --entity-default --add-config consumer_byte_rate=2048',
  '--alter --entity-type users --entity-name alice --entity-type clients --entity-name app --add-config controller_mutation_rate=0.5',
  '--alter --entity-type clients --entity-name app --add-config producer_byte_rate=10',
  '--alter --entity-type ips --entity-name 127.0.0.9 --add-config connection_creation_rate=100',
  '--alter --entity-type ips --entity-default --add-config connection_creation_rate=200',
  '--alter --entity-type clients --entity-name app --add-config producer_byte_rate=0',
  '--alter --entity-type clients --entity-name app --add-config producer_byte_rate=1.5',
  '--alter --entity-type clients --entity-name app --delete-config consumer_byte_rate',
  '--alter --entity-type users --entity-name alice --delete-config producer_byte_rate',
  '--describe --entity-type users --entity-name alice',
  '--describe --entity-type users --entity-default',
  '--describe --entity-type clients',
  '--describe --entity-type users --entity-name alice --entity-type clients',
  '--describe --entity-type ips',
]

test('kafka-configs does with quotas here what it does with those of a Kafka', { timeout: 600_000 }, async () => {
  const home = findKafka()
  const dir = mkdtempSync(join(tmpdir(), 'millrace-quotas-'))
  try {
    await using kafka = await KafkaBroker.start()
    await using log = await embeddedLog({ dir, durability: 'os' })
    await using served = await serveLog(log, { listeners: [{ port: 0 }] })
    const { host, port } = served.places[0]!
    for (const args of session) {
      const [theirs, ours] = await Promise.all([
        run(home, kafka.bootstrap, args.split(' ')),
        run(home, `${host}:${port}`, args.split(' ')),
      ])
      expect(ours, args).toEqual(theirs)
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

/** What it prints, in the order of the alphabet: Kafka's is that of a hash map. Of a refusal its kind; the words are our own. */
async function run(home: KafkaHome, bootstrap: string, args: readonly string[]): Promise<readonly string[]> {
  const options = ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', `-Dlog4j2.configurationFile=${home.logging}`]
  const command = [...options, '-cp', home.classPath, 'kafka.admin.ConfigCommand', '--bootstrap-server', bootstrap, ...args]
  const child = spawn('java', command, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000 })
  let text = ''
  let problem = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (problem += chunk))
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  const kinds = [...`${text}${problem}`.matchAll(/errors\.(\w+Exception)/g)].map(([, name]) => name!)
  const lines = text.split('\n').filter((line) => !/Exception|^\s+at |^$/.test(line))
  return [...lines.toSorted((a, b) => (a < b ? -1 : 1)), ...new Set(kinds), `ends with ${status}`]
}
