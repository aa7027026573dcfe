import { adoptKafka, type AdoptionReport } from '../open/adopt-kafka.ts'
import type { CommandContext, ExitCode } from './command.ts'
import { printRows } from './print-rows.ts'
import { UsageError } from './usage-error.ts'

interface AdoptValues {
  readonly dir: string
  readonly from: string
  readonly topic: readonly string[]
  readonly config: readonly string[]
  readonly groups: boolean
  readonly 'cut-torn': boolean
  readonly json: boolean
}

/** @throws what `adoptKafka` throws */
export async function runAdopt(values: AdoptValues, { world, out }: CommandContext): Promise<ExitCode> {
  const { dir, from, topic, groups, json } = values
  const report = await adoptKafka({
    dir,
    from,
    groups,
    configs: configsOf(values.config),
    torn: values['cut-torn'] ? 'cut' : 'refuse',
    world,
    ...(topic.length === 0 ? {} : { topics: topic }),
  })
  if (json) out(JSON.stringify(report))
  else show(report, out)
  return 0
}

function configsOf(given: readonly string[]): Record<string, Record<string, string>> {
  const configs: Record<string, Record<string, string>> = {}
  for (const text of given) {
    const [, topic, name, value] = /^([^:=]+):([^=]+)=(.*)$/.exec(text) ?? []
    if (topic === undefined) throw new UsageError(`--config takes TOPIC:NAME=VALUE, not ${text}`)
    configs[topic] = { ...configs[topic], [name!]: value! }
  }
  return configs
}

function show({ topics, groups, skipped }: AdoptionReport, out: (line: string) => void): void {
  printRows(
    topics.map(({ topic, partitions, records, bytes, cutBytes }) => ({ topic, partitions, records, bytes, cutBytes })),
    false,
    out,
  )
  if (groups.length > 0) out(`groups: ${groups.join(', ')}`)
  for (const { topic, why } of skipped) out(`left out: ${topic}: ${why}`)
}
