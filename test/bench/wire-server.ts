import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findKafka } from '../kafka/kafka-home.ts'
import { runJava } from '../kafka/perf-tools.ts'

/** A server in a process of its own, as its users start it, on a directory that stays until `dispose`. */
export interface WireServer extends AsyncDisposable {
  readonly bootstrap: string
  /** From the start of its process to its first answer. */
  readonly readyMs: number
  /** Of its process, as the system counts it. */
  readonly residentMb: number
  readonly cpuSeconds: number
  /** Ends it cleanly and starts it again on the same directory. */
  restart(): Promise<void>
}

interface Start {
  readonly home: string
  readonly bootstrap: string
  readonly command: string
  readonly args: readonly string[]
}

const millraceCommand = fileURLToPath(new URL('../../core/bin/millrace.js', import.meta.url))

/** `durability`: `sync` has each answer's records on the disk, `os` in the page cache as Kafka. */
export async function millraceServer(durability: 'sync' | 'os'): Promise<WireServer> {
  const home = mkdtempSync(join(tmpdir(), 'millrace-wire-'))
  const bootstrap = `127.0.0.1:${await freePort()}`
  const config = join(home, 'server.properties')
  writeFileSync(config, durability === 'os' ? 'log.flush.interval.messages=9223372036854775807\n' : '')
  const args = [millraceCommand, 'broker', '--dir', join(home, 'data'), '--listen', bootstrap, '--config', config]
  return RunningServer.start({ home, bootstrap, command: process.execPath, args })
}

/** As Kafka's scripts start it: 1 GiB, G1. Formatted before. */
export async function kafkaServer(): Promise<WireServer> {
  const kafka = findKafka()
  const home = mkdtempSync(join(tmpdir(), 'millrace-wire-kafka-'))
  const [client, controller] = [await freePort(), await freePort()]
  const properties = join(home, 'server.properties')
  writeFileSync(properties, kafkaProperties(join(home, 'data'), client, controller))
  const clusterId = randomBytes(16).toString('base64url')
  await runJava(kafka, 'kafka.tools.StorageTool', ['format', `--cluster-id=${clusterId}`, '-c', properties])
  const args = [...kafkaJava, `-Dlog4j2.configurationFile=${kafka.logging}`, '-cp', kafka.classPath, 'kafka.Kafka', properties]
  return RunningServer.start({ home, bootstrap: `127.0.0.1:${client}`, command: 'java', args })
}

const kafkaJava = [
  '-Xms1g',
  '-Xmx1g',
  '-server',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
]

function kafkaProperties(data: string, client: number, controller: number): string {
  return `process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=PLAINTEXT://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${client}
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.dirs=${data}
`
}

class RunningServer implements WireServer {
  readonly bootstrap: string
  readyMs = 0
  private readonly how: Start
  private child: ChildProcess | null = null

  private constructor(how: Start) {
    this.how = how
    this.bootstrap = how.bootstrap
  }

  static async start(how: Start): Promise<RunningServer> {
    const server = new RunningServer(how)
    try {
      await server.run()
      return server
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
  }

  private async run(): Promise<void> {
    const { command, args, bootstrap } = this.how
    const startedAt = performance.now()
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.child = child
    const said: string[] = []
    child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text))
    process.once('exit', () => child.kill('SIGKILL'))
    await answered(bootstrap, child, said)
    this.readyMs = performance.now() - startedAt
  }

  get residentMb(): number {
    const status = readFileSync(`/proc/${this.child!.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) / 1000
  }

  get cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.child!.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) / clockTicks
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.run()
  }

  private async stop(): Promise<void> {
    const child = this.child
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const closed = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGTERM')
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    rmSync(this.how.home, { recursive: true, force: true })
  }
}

const clockTicks = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout) || 100

/** ApiVersions 0: what each client asks first. */
const question = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff])
const readyLimitMs = 60_000

/** `said`: what it has written to standard error. */
async function answered(bootstrap: string, child: ChildProcess, said: readonly string[]): Promise<void> {
  const deadline = performance.now() + readyLimitMs
  while (!(await answersNow(bootstrap))) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${said.join('')}`)
    if (performance.now() > deadline) throw new Error(`the server does not answer at ${bootstrap}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

function answersNow(bootstrap: string): Promise<boolean> {
  const [host, port] = bootstrap.split(':')
  return new Promise((resolve) => {
    const socket = connect(Number(port), host, () => socket.write(question))
    const end = (answers: boolean): void => {
      socket.destroy()
      resolve(answers)
    }
    socket.once('data', () => end(true))
    socket.once('error', () => end(false))
    socket.once('end', () => end(false))
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
