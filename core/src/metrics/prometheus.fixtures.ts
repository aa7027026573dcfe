/**
 * A strict reader of the text formats, by their grammar: a family is its head (HELP, TYPE, perhaps UNIT) and then its samples,
 * no family and no series comes twice, and every line ends.
 */
export interface Sample {
  readonly name: string
  readonly labels: ReadonlyMap<string, string>
  readonly value: number
}

export interface Exposition {
  /** By the name in the head. */
  readonly types: ReadonlyMap<string, string>
  readonly samples: readonly Sample[]
}

const name = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const helpLine = new RegExp(String.raw`^# HELP (${name}) (?:[^\\\n]|\\\\|\\n|\\")*$`)
const typeLine = new RegExp(`^# TYPE (${name}) (counter|gauge|histogram)$`)
const unitLine = new RegExp(`^# UNIT (${name}) (seconds|bytes)$`)
const pair = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*"`
const number = String.raw`[-+]?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|Inf)|NaN`
const sampleLine = new RegExp(String.raw`^(${name})(?:\{(${pair}(?:,${pair})*)\})? (${number})$`)
const endings = { counter: /^(_total)?$/, gauge: /^$/, histogram: /^_(bucket|sum|count)$/ }

/** @throws Error with the first line that is wrong */
export function parseExposition(text: string): Exposition {
  const types = new Map<string, keyof typeof endings>()
  const samples: Sample[] = []
  const seen = new Set<string>()
  let help: string | undefined
  let family: string | undefined
  const lines = text.split('\n')
  if (lines.pop() !== '') throw new Error('the last line does not end')
  for (const [index, line] of lines.entries()) {
    const wrong = (what: string): Error => new Error(`line ${index + 1}: ${what}: ${line}`)
    if (line === '# EOF' && index === lines.length - 1) break
    if (line.startsWith('# HELP ')) {
      help = helpLine.exec(line)?.[1]
      if (help === undefined) throw wrong('no help')
    } else if (line.startsWith('# TYPE ')) {
      const [, typed, type] = typeLine.exec(line) ?? []
      if (typed === undefined || typed !== help || types.has(typed)) throw wrong('no type, or not after its help, or again')
      types.set(typed, type as keyof typeof endings)
      family = typed
    } else if (line.startsWith('# UNIT ')) {
      const [, named, unit] = unitLine.exec(line) ?? []
      if (named === undefined || named !== family || !named.endsWith(`_${unit}`)) throw wrong('no unit of this family')
    } else {
      const sample = parseSample(line)
      if (sample === undefined || family === undefined) throw wrong('no sample')
      const key = line.slice(0, line.lastIndexOf(' '))
      if (seen.has(key)) throw wrong('the series came before')
      seen.add(key)
      const ending = sample.name.slice(family.length)
      if (!sample.name.startsWith(family) || !endings[types.get(family)!].test(ending)) throw wrong(`not of ${family}`)
      if ((ending === '_bucket') !== sample.labels.has('le')) throw wrong('a bucket has its bound, nothing else has')
      samples.push(sample)
    }
  }
  return { types, samples }
}

function parseSample(line: string): Sample | undefined {
  const match = sampleLine.exec(line)
  if (match === null) return undefined
  const [, sampleName, pairs = '', value] = match
  const labels = new Map<string, string>()
  for (const [one] of pairs.matchAll(new RegExp(pair, 'g'))) {
    const at = one.indexOf('=')
    if (labels.has(one.slice(0, at))) return undefined
    labels.set(one.slice(0, at), unescaped(one.slice(at + 2, -1)))
  }
  return { name: sampleName!, labels, value: Number(value!.replace('Inf', 'Infinity')) }
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, mark: string) => (mark === 'n' ? '\n' : mark))
}
