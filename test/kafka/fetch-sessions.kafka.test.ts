import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { embeddedLog, serveLog, type LogClient, type Producer } from '@millrace/core'
import { decodeRequestBody, decodeResponse, openRequest } from '@millrace/core/testing'
import { FrameTap } from './frame-tap.ts'
import { findKafka } from './kafka-home.ts'
import { runKafkaTool } from './kafka-tool.ts'

const partitions = 300
const rounds = 3

async function fill(log: LogClient): Promise<void> {
  await log.admin.createTopics([{ topic: 't', partitions }])
  await using producer: Producer = await log.producer()
  for (let round = 0; round < rounds; round++) {
    for (let partition = 0; partition < partitions; partition++) {
      const batch = producer.batch('t', partition)
      batch.append(null, `${partition}/${round}`, 1_000)
      await producer.send(batch)
    }
  }
}

test("Kafka's consumer reads many partitions in one session, and misses none", { timeout: 120_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-sessions-'))
  try {
    await using log = await embeddedLog({ dir, durability: 'os' })
    await using tap = await FrameTap.listen()
    const [host, port] = tap.address.split(':')
    const advertised = { host: host!, port: Number(port) }
    await using served = await serveLog(log, { listeners: [{ port: 0, advertised }] })
    tap.leadTo(`${served.places[0]!.host}:${served.places[0]!.port}`)
    await fill(log)
    // An answer has room for a few partitions of the 300.
    const few = ['fetch.max.bytes=2000', 'max.poll.records=50'].flatMap((one) => ['--command-property', one])
    const all = ['--topic', 't', '--from-beginning', '--max-messages', String(rounds * partitions), '--timeout-ms', '60000']
    const { stdout, stderr } = await runKafkaTool(findKafka(), 'kafka-console-consumer', [
      '--bootstrap-server',
      tap.address,
      ...all,
      ...few,
    ])
    expect(new Set(stdout.trim().split('\n')).size, stderr).toBe(rounds * partitions)

    const fetches = tap.frames.filter(({ name }) => name === 'fetch')
    const requests = fetches.flatMap(({ kind, bytes }) => {
      const opened = openRequest(bytes)
      return kind === 'request' && opened.kind === 'known' ? [decodeRequestBody('fetch', opened.version, opened.body)] : []
    })
    const answers = fetches.flatMap(({ kind, version, bytes }) =>
      kind === 'response' ? [decodeResponse('fetch', version, bytes)] : [],
    )
    expect(answers.filter(({ errorCode }) => errorCode !== 0)).toEqual([])
    const said = requests.map(({ topics }) => topics.reduce((sum, topic) => sum + topic.partitions.length, 0))
    expect(Math.max(...said)).toBe(partitions)
    // The first one says all of them; what comes after says where it goes on.
    expect(requests.filter(({ sessionEpoch }) => sessionEpoch > 0).length).toBeGreaterThan(requests.length / 2)
    expect(said.filter((count) => count > partitions / 2)).toHaveLength(1)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
