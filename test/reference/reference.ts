import { coreErrorRows, coreMetrics, topicSettings } from '@millrace/core'
import { streamMetricGroups, type StreamMetricRow } from '@millrace/streams'
import { table } from '../architecture/table.ts'
import { ofCommands } from './command-reference.ts'

type Sections = Readonly<Record<string, () => string>>

/** The tables of core/README.md that are printed from what the program itself declares. */
const ofCore: Sections = {
  settings: () =>
    table([
      ['Setting', 'Default', 'Takes', 'What it does'],
      ...Object.entries(topicSettings).map(([name, { default: usual, expected, about }]) => [
        code(name),
        code(usual),
        expected,
        about,
      ]),
    ]),
  errors: () =>
    table([
      ['Code', 'Whose fault', 'Outcome', 'What to do'],
      ...Object.entries(coreErrorRows).map(([name, { fault, outcome, todo }]) => [code(name), fault, outcome, todo]),
    ]),
  metrics: () =>
    table([
      ['Metric', 'Kind', 'Unit', 'What it tells'],
      ...Object.entries(coreMetrics).map(([name, { kind, unit, help }]) => [code(name), kind, code(unit), help]),
    ]),
}

/** Those of streams/docs/metrics.md. */
const ofStreams: Sections = {
  metrics: () =>
    streamMetricGroups.map(({ name, tags, help, rows }) => `${intro(name, tags, help)}\n\n${metricTable(rows)}`).join('\n\n'),
}

function intro(name: string, tags: readonly string[], help: string): string {
  return `**\`${name}\`**, tags ${tags.map(code).join(', ')}. ${help}`
}

function metricTable(rows: readonly StreamMetricRow[]): string {
  return table([
    ['Metric', 'Kind', 'Unit', 'What it tells'],
    ...rows.map(({ name, kind, unit, help, own }) => [
      code(name),
      kind,
      code(unit),
      own ? `${help} Not in Kafka Streams.` : help,
    ]),
  ])
}

/** The pages with such tables, from the root of the repository. */
export const pages: Readonly<Record<string, Sections>> = {
  'core/README.md': ofCore,
  'core/docs/cli.md': ofCommands,
  'streams/docs/metrics.md': ofStreams,
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``
}

/** The page with each table between its two markers printed anew; throws when markers are missing. */
export function withReference(page: string, sections: Sections): string {
  return Object.entries(sections).reduce((text, [name, print]) => {
    const [start, end] = [`<!-- ${name}: printed by \`npm run reference\` -->`, `<!-- /${name} -->`]
    const [from, to] = [text.indexOf(start), text.indexOf(end)]
    if (from < 0 || to < from) throw new Error(`The page needs the lines "${start}" and "${end}".`)
    return `${text.slice(0, from + start.length)}\n\n${print()}\n\n${text.slice(to)}`
  }, page)
}
