import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { embeddedLog, serveLog } from '@millrace/core'
import { KafkaBroker } from './kafka-broker.ts'
import { KafkaDriver } from './kafka-driver.ts'
import { findKafka } from './kafka-home.ts'
import { toolClasses } from './kafka-tool.ts'

/** What an administrator does with quotas, one after the other, by kafka-configs. */
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
  const dir = mkdtempSync(join(tmpdir(), 'millrace-quotas-'))
  try {
    await using kafka = await KafkaBroker.start()
    await using log = await embeddedLog({ dir, durability: 'os' })
    await using served = await serveLog(log, { listeners: [{ port: 0 }] })
    await using driver = new KafkaDriver(findKafka())
    const { host, port } = served.places[0]!
    for (const args of session) {
      const [theirs, ours] = await Promise.all([
        run(kafka.driver, kafka.bootstrap, args.split(' ')),
        run(driver, `${host}:${port}`, args.split(' ')),
      ])
      expect(ours, args).toEqual(theirs)
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

/** What it prints, in the order of the alphabet: Kafka's is that of a hash map. Of a refusal its kind; the words are our own. */
async function run(driver: KafkaDriver, bootstrap: string, args: readonly string[]): Promise<readonly string[]> {
  const words = ['--bootstrap-server', bootstrap, ...args]
  const tool = { mainClass: toolClasses['kafka-configs'], args: words, input: '' }
  const { code, stdout: text, stderr: problem } = await driver.call('tool', tool)
  const kinds = [...`${text}${problem}`.matchAll(/errors\.(\w+Exception)/g)].map(([, name]) => name!)
  const lines = text.split('\n').filter((line) => !/Exception|^\s+at |^$/.test(line))
  return [...lines.toSorted((a, b) => (a < b ? -1 : 1)), ...new Set(kinds), `ends with ${code}`]
}
