import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { KeptCase, KeptFamily } from './topology-case.ts'

/** What Kafka made of the cases, a file a family: outcomes/<family>.json. */
export function readKept(family: string): KeptFamily {
  return JSON.parse(readFileSync(pathOf(family), 'utf8')) as KeptFamily
}

export function writeKept(family: string, kafka: string, cases: readonly KeptCase[]): void {
  const madeBy = 'test/kafka/driver/TopologyCase.java'
  const lines = cases.map((kept) => `{\n${Object.entries(kept).map(fieldLine).join(',\n')}\n}`)
  const text = `{\n"kafka": ${JSON.stringify(kafka)},\n"madeBy": ${JSON.stringify(madeBy)},\n"cases": [\n${lines.join(',\n')}\n]\n}\n`
  writeFileSync(pathOf(family), text)
}

/** The version of Kafka that the harness runs. */
export function kafkaVersion(): string {
  const pom = readFileSync(new URL('../pom.xml', import.meta.url), 'utf8')
  return /<kafka\.version>(.*)<\/kafka\.version>/.exec(pom)![1]!
}

function pathOf(family: string): string {
  return fileURLToPath(new URL(`outcomes/${family}.json`, import.meta.url))
}

function fieldLine([name, value]: readonly [string, unknown]): string {
  return `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`
}
