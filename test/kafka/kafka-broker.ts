import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KafkaDriver, type DriverOptions, type Settings } from './kafka-driver.ts'
import { findKafka } from './kafka-home.ts'

/** One broker of Apache Kafka that is its own controller (KRaft), on loopback, in a directory of its own that goes with it. */
export class KafkaBroker implements AsyncDisposable {
  readonly driver: KafkaDriver
  /** `host:port`. */
  readonly bootstrap: string
  /** Where the folders of its partitions lie. */
  readonly data: string
  private readonly home: string
  private readonly settings: Settings

  private constructor(driver: KafkaDriver, home: string, bootstrap: string, settings: Settings) {
    this.driver = driver
    this.home = home
    this.data = settings['log.dirs']!
    this.bootstrap = bootstrap
    this.settings = settings
  }

  /** `settings` are server.properties, over those of `quiet`. */
  static async start(settings: Settings = {}, options?: DriverOptions): Promise<KafkaBroker> {
    const driver = new KafkaDriver(findKafka(), options)
    const home = mkdtempSync(join(tmpdir(), 'millrace-kafka-'))
    try {
      const [client, controller] = await freePorts(2)
      const all = { ...quiet, ...network(client!, controller!), 'log.dirs': join(home, 'data'), ...settings }
      const broker = new KafkaBroker(driver, home, `127.0.0.1:${client}`, all)
      await broker.format()
      await broker.start()
      return broker
    } catch (error) {
      await discard(driver, home)
      throw error
    }
  }

  private async format(): Promise<void> {
    const properties = join(this.home, 'server.properties')
    writeFileSync(
      properties,
      Object.entries(this.settings)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    )
    const clusterId = randomBytes(16).toString('base64url')
    const { status, text } = await this.driver.call('format', { properties, clusterId })
    if (status !== 0 || !existsSync(join(this.data, 'meta.properties'))) throw new Error(`the format of a Kafka failed: ${text}`)
  }

  /** Again, on its own data, with clients connected. */
  async start(): Promise<void> {
    await this.driver.call('start', { settings: this.settings })
    await this.driver.call('connect', { bootstrap: this.bootstrap })
  }

  /** Cleanly. The process goes on: tools can be used, and `start`. */
  async stop(): Promise<void> {
    await this.driver.call('stop', {})
  }

  folder(topic: string, partition: number): string {
    return join(this.data, `${topic}-${partition}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await discard(this.driver, this.home)
  }
}

async function discard(driver: KafkaDriver, home: string): Promise<void> {
  await driver[Symbol.asyncDispose]()
  rmSync(home, { recursive: true, force: true })
}

/** Small, and nothing happens by itself: no retention, no compaction, no rebalance delay. */
const quiet: Settings = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.listener.names': 'CONTROLLER',
  'inter.broker.listener.name': 'PLAINTEXT',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
  'auto.create.topics.enable': 'false',
  'num.network.threads': '1',
  'num.io.threads': '2',
  'background.threads': '2',
  'log.cleaner.dedupe.buffer.size': '4194304',
  'log.retention.ms': '-1',
  'log.retention.check.interval.ms': '3600000',
  'log.message.timestamp.after.max.ms': String(Number.MAX_SAFE_INTEGER),
}

function network(client: number, controller: number): Settings {
  return {
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${client}`,
  }
}

/** Ports that were free a moment ago, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
