import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { embeddedLog, serveLog, type LogClient } from '@millrace/core'
import { KafkaDriver } from './kafka-driver.ts'
import { findKafka } from './kafka-home.ts'
import { toolClasses, type ToolName } from './kafka-tool.ts'

type Tool = (name: ToolName, ...args: readonly string[]) => Promise<string>

/** Kafka's tools against a served log; each has to end well. */
async function withTools(work: (tool: Tool, log: LogClient) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-tools-'))
  try {
    await using log = await embeddedLog({ dir, durability: 'os' })
    await using served = await serveLog(log, { listeners: [{ port: 0 }] })
    const { host, port } = served.places[0]!
    await using driver = new KafkaDriver(findKafka())
    const tool: Tool = async (name, ...args) => {
      const words = ['--bootstrap-server', `${host}:${port}`, ...args]
      const { code, stdout, stderr } = await driver.call('tool', { mainClass: toolClasses[name], args: words, input: '' })
      expect(code, `${stderr}${stdout}`).toBe(0)
      return stdout
    }
    await work(tool, log)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function rowsOf(table: string): string[][] {
  return table
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(/\s+/))
}

test(
  "Kafka's console consumer reads in a group, and its tool describes, resets and deletes the group",
  { timeout: 240_000 },
  () =>
    withTools(async (tool, log) => {
      await log.admin.createTopics([{ topic: 't', partitions: 1 }])
      await using producer = await log.producer()
      const batch = producer.batch('t', 0)
      for (const value of ['a', 'b', 'c']) batch.append(null, value, 1_000)
      await producer.send(batch)

      const read = ['--topic', 't', '--group', 'g', '--from-beginning', '--timeout-ms', '20000']
      expect(await tool('kafka-console-consumer', ...read, '--max-messages', '2')).toBe('a\nb\n')
      expect(await tool('kafka-console-consumer', ...read, '--max-messages', '1')).toBe('c\n')

      expect(await tool('kafka-consumer-groups', '--list')).toBe('g\n')
      const described = rowsOf(await tool('kafka-consumer-groups', '--describe', '--group', 'g'))
      expect(described.at(-1)!.slice(0, 6)).toEqual(['g', 't', '0', '3', '3', '0'])

      const reset = ['--reset-offsets', '--group', 'g', '--topic', 't', '--to-offset', '1', '--execute']
      expect(rowsOf(await tool('kafka-consumer-groups', ...reset)).at(-1)).toEqual(['g', 't', '0', '1'])
      expect(await log.admin.groupOffsets('g')).toMatchObject([{ topic: 't', partition: 0, offset: 1 }])
      expect(await tool('kafka-console-consumer', ...read, '--max-messages', '2')).toBe('b\nc\n')

      expect(await tool('kafka-consumer-groups', '--delete-offsets', '--group', 'g', '--topic', 't')).toMatch(/Successful/)
      expect(await log.admin.groupOffsets('g')).toEqual([])
      expect(await tool('kafka-consumer-groups', '--delete', '--group', 'g')).toMatch(/successful/)
      expect(await log.admin.listGroups()).toEqual([])
    }),
)

test("Kafka's tool shows the members of a group, also those of this process", { timeout: 120_000 }, () =>
  withTools(async (tool, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 2 }])
    await using consumer = await log.consumer({ group: 'live', assignor: 'range', reset: 'earliest' })
    consumer.subscribe(['t'])
    while (consumer.assignment().length < 2) await consumer.poll({ timeoutMs: 10 })
    const described = ['--describe', '--group', 'live']
    const members = rowsOf(await tool('kafka-consumer-groups', ...described, '--members', '--verbose')).at(-1)!
    expect([members[0], members[2], members[3], members[4]]).toEqual(['live', 'in-process', 'embedded', '2'])
    const state = rowsOf(await tool('kafka-consumer-groups', ...described, '--state')).at(-1)!
    expect(state).toEqual(expect.arrayContaining(['live', 'range', 'Stable', '1']))
    expect(rowsOf(await tool('kafka-consumer-groups', '--list', '--state', 'stable')).at(-1)).toEqual(['live', 'Stable'])
    expect(rowsOf(await tool('kafka-consumer-groups', '--list', '--type', 'classic')).at(-1)).toEqual(['live', 'Classic'])
  }),
)
