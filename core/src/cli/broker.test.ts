import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WireClient } from '../open/wire-client.fixtures.ts'
import { BatchBuilder } from '../record/batch-builder.ts'
import { millrace } from './millrace.fixtures.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-broker-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface RunningBroker {
  readonly child: ChildProcess
  readonly port: number
  readonly line: string
}

/** The real process, as a shell would start it. */
async function startBroker(...args: readonly string[]): Promise<RunningBroker> {
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  const all = ['--conditions=@millrace/source', main, 'broker', '--dir', folder, ...args]
  const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'inherit'] })
  const line = String(await new Promise((resolve) => child.stdout.once('data', resolve)))
  return { child, line, port: Number(/ready at 127\.0\.0\.1:(\d+)/.exec(line)?.[1]) }
}

async function terminate({ child }: RunningBroker): Promise<number | null> {
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  return ended
}

function batchOf(value: string): Uint8Array {
  const builder = new BatchBuilder()
  builder.append(null, value, 1_000)
  return builder.build()
}

test('a broker says where it is ready, serves, says who holds the directory, and stops at SIGTERM with everything kept', async () => {
  const broker = await startBroker('--listen', '127.0.0.1:0')
  try {
    expect(broker.line).toBe(`millrace broker: ready at 127.0.0.1:${broker.port}, data in ${folder}\n`)
    await using client = await WireClient.connect({ host: '127.0.0.1', port: broker.port })
    const described = await client.ask('metadata', { topics: [{ name: 'words' }], allowAutoTopicCreation: true }, 9)
    expect(described.topics[0]).toMatchObject({ name: 'words' })
    const topicData = [{ name: 'words', partitionData: [{ index: 0, records: batchOf('kept') }] }]
    const produced = await client.ask('produce', { acks: -1, timeoutMs: 1_000, topicData }, 9)
    expect(produced.responses[0]!.partitionResponses[0]).toMatchObject({ errorCode: 0, baseOffset: 0 })
    const second = await millrace('broker', '--dir', folder, '--listen', '127.0.0.1:0')
    expect(second).toMatchObject({ code: 1, err: expect.stringMatching(/DATA_DIRECTORY_LOCKED[\s\S]*Millrace/) })
    expect(second.err).toContain(String(broker.child.pid))
  } finally {
    expect(await terminate(broker)).toBe(0)
  }
  expect(await millrace('verify', '--dir', folder)).toMatchObject({ code: 0, out: expect.stringContaining('no damage found') })
})

test.each([
  ['num.partitons=3', /no property num.partitons; did you mean num.partitions\?/],
  ['num.partitions=0', /num.partitions takes a number above 0, not 0/],
  ['log.cleanup.policy=shred', /log.cleanup.policy takes delete or compact/],
  ['listeners=9092', /listeners takes NAME:\/\/HOST:PORT, not 9092/],
])('a file with %s is refused', async (line, message) => {
  const file = join(folder, 'server.properties')
  writeFileSync(file, `# comment\n${line}\n`)
  const { code, err } = await millrace('broker', '--dir', join(folder, 'data'), '--config', file)
  expect(code).toBe(2)
  expect(err).toMatch(message)
})

test('a listener that others reach is refused, and so is a place that is none', async () => {
  expect(await millrace('broker', '--dir', folder, '--listen', '0.0.0.0:0')).toMatchObject({
    code: 1,
    err: expect.stringContaining('LISTENER_UNSAFE'),
  })
  expect(await millrace('broker', '--dir', folder, '--listen', 'here')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--listen takes HOST:PORT, not here'),
  })
})

test('SEC-41: a broker holds clients to the rules of its directory, and writes down what they do', async () => {
  const config = join(tmpdir(), `${folder.split('/').at(-1)}.properties`)
  const audit = `${config}.jsonl`
  writeFileSync(config, `authorizer.class.name=millrace\naudit.log=${audit}\n`)
  try {
    const rule = '--allow-principal User:ANONYMOUS --operation Create --operation Describe --topic mine'
    expect(await millrace('acls', 'add', '--dir', folder, ...rule.split(' '))).toMatchObject({ code: 0 })
    const broker = await startBroker('--listen', '127.0.0.1:0', '--config', config)
    try {
      await using client = await WireClient.connect({ host: '127.0.0.1', port: broker.port })
      const shape = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
      const { topics } = await client.ask('createTopics', { topics: ['mine', 'yours'].map((name) => ({ name, ...shape })) })
      expect(topics.map(({ name, errorCode }) => [name, errorCode])).toEqual([
        ['mine', 0],
        ['yours', 29],
      ])
    } finally {
      expect(await terminate(broker)).toBe(0)
    }
    const lines = readFileSync(audit, 'utf8').trim().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { principal: 'User:ANONYMOUS', api: 'createTopics', resourceName: 'yours', outcome: 'refused', operation: 'create' },
      { principal: 'User:ANONYMOUS', api: 'createTopics', resourceName: 'mine', outcome: 'done' },
    ])
  } finally {
    rmSync(config, { force: true })
    rmSync(audit, { force: true })
  }
})
