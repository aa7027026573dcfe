import { expect } from 'vitest'
import { startProgram } from '../e2e/real-process.ts'
import type { JsonRecord, KafkaDriver } from './kafka-driver.ts'

/** What kafka-dump-log and `millrace dump-log` say of the same files. */

const millrace = new URL('../../core/src/cli/main.ts', import.meta.url)

/** The lines of Kafka's tool without its headings. Fails unless it ends well. */
export async function kafkaDump(driver: KafkaDriver, files: readonly string[], ...options: string[]): Promise<readonly string[]> {
  const { status, text } = await driver.call('dumpLog', { args: ['--files', files.join(','), ...options] })
  expect(status, text).toBe(0)
  return withoutFirstOffsets(text)
    .split('\n')
    .filter((line) => line !== '' && !/^(Dumping |Log starting offset: )/.test(line))
}

/** With --deep-iteration the tool expects every segment to begin at 0, its own too. */
function withoutFirstOffsets(text: string): string {
  return text.replaceAll(/Non-consecutive offsets in \S*\/(\d{20})\.log\n {2}-1 is followed by (\d+)\n/g, (all, base, first) =>
    Number(base) === Number(first) ? '' : all,
  )
}

export async function millraceDump(files: readonly string[], ...options: string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await startProgram(millrace, ['dump-log', '--files', files.join(','), ...options]).ended
  expect(code, `${stderr}${stdout.slice(0, 2000)}`).toBe(0)
  return stdout.split('\n').filter((line) => line !== '' && !line.startsWith('Dumping '))
}

/** `name: value` pairs of a line. */
export function factsOf(line: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...line.matchAll(/(\w+): (\S+)/g)].map(([, name, value]) => [name!, value!]))
}

/** A batch as `millrace dump-log --json --print-data-log` prints it. */
export interface DumpedBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly partitionLeaderEpoch: number
  readonly producerId: number
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly records: readonly (JsonRecord & { readonly endTxnMarker?: string })[]
}

export async function millraceBatches(files: readonly string[]): Promise<readonly DumpedBatch[]> {
  return (await millraceDump(files, '--json', '--print-data-log')).map((line) => JSON.parse(line) as DumpedBatch)
}
