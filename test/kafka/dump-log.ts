import { expect } from 'vitest'
import { startProgram } from '../e2e/real-process.ts'
import type { KafkaDriver } from './kafka-driver.ts'

/** What kafka-dump-log and `millrace dump-log` say of the same files. */

const millrace = new URL('../../core/src/cli/main.ts', import.meta.url)

/** The lines of Kafka's tool without its headings. Fails unless it ends well. */
export async function kafkaDump(driver: KafkaDriver, files: readonly string[], ...options: string[]): Promise<readonly string[]> {
  const { status, text } = await driver.call('dumpLog', { args: ['--files', files.join(','), ...options] })
  expect(status, text).toBe(0)
  return text.split('\n').filter((line) => line !== '' && !/^(Dumping |Log starting offset: )/.test(line))
}

export async function millraceDump(files: readonly string[], ...options: string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await startProgram(millrace, ['dump-log', '--files', files.join(','), ...options]).ended
  expect(code, stderr).toBe(0)
  return stdout.split('\n').filter((line) => line !== '' && !line.startsWith('Dumping '))
}

export type Facts = Readonly<Record<string, string>>

/** `name: value` pairs of a line, up to where the content of a record begins. */
export function factsOf(line: string): Facts {
  const facts = line.split(/ (?:key|payload|endTxnMarker): /, 1)[0]!
  return Object.fromEntries([...facts.matchAll(/(\w+): (\S+)/g)].map(([, name, value]) => [name!, value!]))
}

/** Lines of batches and records; what else there may be is the rest of a value with line ends. */
export function isEntry(line: string): boolean {
  return /^(baseOffset: |\| offset: )/.test(line)
}

/** Both sides' facts, reduced to the names that both have. */
export function common(ours: readonly Facts[], theirs: readonly Facts[]): readonly [readonly Facts[], readonly Facts[]] {
  const pick = (facts: Facts, other: Facts | undefined): Facts =>
    Object.fromEntries(Object.entries(facts).filter(([name]) => other === undefined || name in other))
  return [ours.map((facts, index) => pick(facts, theirs[index])), theirs.map((facts, index) => pick(facts, ours[index]))]
}
