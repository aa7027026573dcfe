import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { embeddedLog, serveLog } from '@millrace/core'
import { kafkaDump } from './dump-log.ts'
import { BothServers, type Side } from './both-servers.ts'
import { KafkaDriver } from './kafka-driver.ts'
import { findKafka } from './kafka-home.ts'
import { runKafkaTool, startKafkaTool, type ToolName } from './kafka-tool.ts'

/** What an administrator sets of a group, and sees. */
const settings: readonly string[] = [
  '--alter --add-config consumer.session.timeout.ms=50000,consumer.heartbeat.interval.ms=6000',
  '--describe',
  '--alter --delete-config consumer.session.timeout.ms',
  '--describe',
]

type Tool = (name: ToolName, args: string) => Promise<readonly string[]>

const consumerProtocol = ['--command-property', 'group.protocol=consumer']

/** One of Kafka's tools against one of the servers: the rows that it prints, in order, without what is new each time. */
function toolOf(servers: BothServers, side: Side): Tool {
  return async (name, args) => {
    const { code, stdout, stderr } = await servers.tool(side, { tool: name, args })
    expect(code, `${stderr}${stdout}`).toBe(0)
    return (
      stdout
        .split('\n')
        .map((line) =>
          line
            .replaceAll(side.bootstrap, 'SERVER')
            .replaceAll(/[\w-]{22}(?= )/g, 'ID')
            .replaceAll(/ +/g, ' ')
            .trim(),
        )
        // How many epochs it took to come there is a matter of who was quick.
        .map((line) => line.replace(/ \d+ \d+ 2$/, ' EPOCH EPOCH 2'))
        .filter((line) => line !== '')
        .toSorted()
    )
  }
}

/** Two console consumers come into a group and share a topic; what the tools say of it before and after they go. */
async function sessionOf(servers: BothServers, side: Side): Promise<readonly (readonly [string, readonly string[]])[]> {
  const tool = toolOf(servers, side)
  const said: [string, readonly string[]][] = []
  const ask = async (args: string): Promise<void> => void said.push([args, await tool('kafka-consumer-groups', args)])
  await tool('kafka-topics', '--create --topic t --partitions 4')
  const consume = ['--bootstrap-server', side.bootstrap, '--topic', 't', '--group', 'g', ...consumerProtocol]
  const consumers = [0, 1].map(() => startKafkaTool(findKafka(), 'kafka-console-consumer', consume))
  try {
    const members = (): Promise<readonly string[]> => tool('kafka-consumer-groups', '--describe --group g --members')
    const shares = async (): Promise<number> => (await members()).filter((row) => row.endsWith(' 2')).length
    await expect.poll(shares, { timeout: 60_000, interval: 1000 }).toBe(2)
    await ask('--describe --group g --members')
    await ask('--describe --group g --state')
    await ask('--describe --group g --state --verbose')
    await ask('--list --type consumer --state')
    await ask('--list --type classic')
  } finally {
    for (const { stop } of consumers) stop()
    await Promise.all(consumers.map(({ ended }) => ended))
  }
  await ask('--describe --group g --state')
  await ask('--describe --group g')
  await ask('--reset-offsets --group g --topic t:0,1 --to-latest --execute')
  await ask('--delete-offsets --group g --topic t:0')
  await ask('--describe --group g')
  await ask('--delete --group g')
  for (const args of settings) said.push([args, await tool('kafka-configs', `${args} --entity-type groups --entity-name g`)])
  await ask('--list')
  return said
}

test('consumers of the new protocol share here as on a Kafka, and its tools see the same', { timeout: 240_000 }, async () => {
  await using servers = await BothServers.start()
  const [theirs, ours] = await servers.both((side) => sessionOf(servers, side))
  for (const [index, [args, rows]] of theirs.entries()) expect(ours[index], args).toEqual([args, rows])
})

test(
  "a consumer of the new protocol reads topics by a pattern, and Kafka reads the group's records",
  { timeout: 240_000 },
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'millrace-tools-'))
    await using driver = new KafkaDriver(findKafka())
    try {
      {
        await using log = await embeddedLog({ dir, durability: 'os' })
        await using served = await serveLog(log, { listeners: [{ port: 0 }] })
        await log.admin.createTopics([{ topic: 't', partitions: 1 }])
        await using producer = await log.producer()
        const batch = producer.batch('t', 0)
        for (const value of ['a', 'b', 'c']) batch.append(null, value, 1_000)
        await producer.send(batch)
        const { host, port } = served.places[0]!
        const consume = `--bootstrap-server ${host}:${port} --include t.* --group g --from-beginning --timeout-ms 30000 --max-messages`
        const read = async (count: number): Promise<string> => {
          const args = [...consume.split(' '), String(count), ...consumerProtocol]
          return (await runKafkaTool(findKafka(), 'kafka-console-consumer', args)).stdout
        }
        expect(await read(2)).toBe('a\nb\n')
        expect(await read(1)).toBe('c\n')
        expect(await log.admin.groupOffsets('g')).toMatchObject([{ topic: 't', partition: 0, offset: 3 }])
        expect(await log.admin.listGroups()).toMatchObject([{ group: 'g', state: 'Empty', protocolType: 'consumer' }])
      }
      const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) =>
        /__consumer_offsets-\d+\/\d+\.log$/.test(name),
      )
      const dumped = await kafkaDump(
        driver,
        files.map((name) => join(dir, name)),
        '--offsets-decoder',
      )
      const decoded = dumped.flatMap((line) => {
        const [, key, value] = /key: (\{.*?\}) payload: (\{.*\})$/.exec(line) ?? []
        return key === undefined ? [] : [[Number(JSON.parse(key).type), JSON.parse(value!).data] as const]
      })
      // A member whose pattern its client resolves may join before it knows of any topic.
      const some = (type: number, data: object): void => {
        const found = decoded.filter(([one]) => one === type).map(([, one]) => one)
        expect(found, `records of type ${type}`).toContainEqual(expect.objectContaining(data))
      }
      const partitions = [expect.objectContaining({ partitions: [0] })]
      some(3, { epoch: 1, metadataHash: expect.any(Number) })
      some(5, { clientId: 'console-consumer', subscribedTopicNames: ['t'], subscribedTopicRegex: null })
      some(6, { assignmentEpoch: 1 })
      some(7, { topicPartitions: partitions })
      some(8, { state: 0, assignedPartitions: partitions })
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  },
)

/** Polls until as many partitions are with the last one, and lets the others come along. */
async function assigned({ driver }: Side, count: number, ...consumers: readonly string[]): Promise<readonly string[]> {
  for (let round = 0; round < 2000; round++) {
    let last: readonly string[] = []
    for (const consumer of consumers) last = (await driver.call('poll', { consumer, forMs: 20 })).assigned
    if (last.length === count) return last
  }
  throw new Error(`${consumers.at(-1)} does not get ${count} partitions`)
}

async function refusal({ driver }: Side, consumer: string): Promise<string> {
  try {
    for (let round = 0; round < 500; round++) await driver.call('poll', { consumer, forMs: 20 })
    return 'nothing'
  } catch (error) {
    return (error as { type: string }).type
  }
}

/** Members of which one is static subscribe by a pattern that the coordinator reads. */
async function shareByPattern(side: Side): Promise<unknown> {
  const { driver } = side
  for (const [topic, partitions] of [
    ['rx-a', 4],
    ['rx-b', 2],
    ['other', 1],
  ] as const)
    await driver.call('createTopic', { topic, partitions, config: {} })
  const open = (consumer: string, instance: string | null, pattern = 'rx-.*'): Promise<null> => {
    const group = {
      'group.id': 'rx',
      'group.protocol': 'consumer',
      'auto.offset.reset': 'earliest',
      'enable.auto.commit': 'false',
    }
    const config = instance === null ? group : { ...group, 'group.instance.id': instance }
    return driver.call('openConsumer', { consumer, config, topics: [], pattern })
  }
  await open('one', 'i')
  const alone = await assigned(side, 6, 'one')
  await open('two', null)
  await assigned(side, 3, 'one', 'two')
  const had = await assigned(side, 3, 'two', 'one')
  await driver.call('closeConsumer', { consumer: 'one' })
  await open('one', 'i')
  const again = await assigned(side, 3, 'two', 'one')
  await open('thief', 'i')
  const unreleased = await refusal(side, 'thief')
  const committed = await driver.call('commit', { consumer: 'one' })
  await driver.call('closeConsumer', { consumer: 'two' })
  const left = await assigned(side, 6, 'one')
  await open('lost', null, '(')
  const invalid = await refusal(side, 'lost')
  for (const consumer of ['one', 'thief', 'lost']) await driver.call('closeConsumer', { consumer })
  return { alone, same: again.join() === had.join(), unreleased, committed, left, invalid }
}

test(
  "Java's consumers subscribe by a pattern that the coordinator reads, on a Kafka and here",
  { timeout: 240_000 },
  async () => {
    await using servers = await BothServers.start()
    const [theirs, ours] = await servers.both(shareByPattern)
    const all = ['rx-a-0', 'rx-a-1', 'rx-a-2', 'rx-a-3', 'rx-b-0', 'rx-b-1']
    const expected = { alone: all, same: true, unreleased: 'UnreleasedInstanceIdException', committed: null, left: all }
    expect(theirs).toEqual({ ...expected, invalid: 'InvalidRegularExpression' })
    expect(ours).toEqual(theirs)
  },
)
