import type { Header } from '@millrace/core'
import { TopologyTestDriver } from '@millrace/test'
import { buildCase, type BuiltCase } from './build-case.ts'
import { textOf } from './callbacks.ts'
import type { InputRow, Outcome, OutputRow, TopologyCase } from './topology-case.ts'

/** A case on our test driver. Kafka counts drops without a reason, so ours are added up. @throws when an operator is missing */
export function runCase({ topology, input }: Pick<TopologyCase, 'topology' | 'input'>): Outcome {
  const built = buildCase(topology)
  // Kafka's driver drops what has no timestamp; a user's error must still fail the case.
  const onError = input.some(([, , , timestamp]) => timestamp < 0) ? 'skip' : 'fail'
  using driver = new TopologyTestDriver(built.topology, { onError })
  const output = input.flatMap((row, number) => {
    pipe(driver, row)
    return written(driver, built, number)
  })
  return { output, dropped: Object.values(driver.drops).reduce((sum, count) => sum + count, 0) }
}

function pipe(driver: TopologyTestDriver, [topic, key, value, timestamp, headers = {}]: InputRow): void {
  const pairs = Object.entries(headers).map(([name, text]): Header => [name, Buffer.from(text)])
  driver.pipeInput(topic, { key, value, timestamp, headers: pairs })
}

function written(driver: TopologyTestDriver, { seen }: BuiltCase, number: number): readonly OutputRow[] {
  const rows = driver.writtenTopics.flatMap((topic) =>
    driver.readAll(topic).map(({ key, value, timestamp, headers }): OutputRow => {
      const row = [number, topic, textOf(key), textOf(value), timestamp] as const
      return headers.length === 0 ? row : [...row, Object.fromEntries(headers.map(([name, bytes]) => [name, String(bytes)]))]
    }),
  )
  const peeked = seen.splice(0).map(([key, value]): OutputRow => [number, '(peek)', textOf(key), textOf(value), 0])
  return [...rows, ...peeked]
}
