import type { InputRow, Step, TopologyCase } from './topology-case.ts'

/** Short forms in which the cases are written. */
const none = '~'

/** `topic@time key=value`; `~` is null. The value may hold anything. */
export function rows(...lines: readonly string[]): readonly InputRow[] {
  return lines.map((line) => {
    const [, topic, time, key, value] = /^(\w+)@(-?\d+) (.*?)=(.*)$/.exec(line)!
    return [topic!, orNull(key!), orNull(value!), Number(time)] as const
  })
}

function orNull(text: string): string | null {
  return text === none ? null : text
}

/** From topic `in`, through the steps, to topic `out`. */
export function inOut(...steps: readonly Step[]): readonly Step[] {
  return [source('in'), ...steps, sink()]
}

export function source(topic: string, as: string = topic): Step {
  return { op: 'stream', topic, as }
}

/** Its store has the name of the topic, and so has the table. */
export function table(topic: string, more: object = {}): Step {
  return { op: 'table', topic, store: topic, as: topic, ...more }
}

export function sink(topic: string = 'out'): Step {
  return { op: 'to', topic }
}

export function step(op: string, more: object = {}): Step {
  return { op, ...more }
}

/** The same input through several topologies. */
export function each(
  topologies: Readonly<Record<string, readonly Step[]>>,
  inputs: Readonly<Record<string, readonly InputRow[]>>,
): readonly TopologyCase[] {
  return Object.entries(topologies).flatMap(([what, topology]) =>
    Object.entries(inputs).map(([how, input]) => ({ name: `${what}: ${how}`, topology, input })),
  )
}

/** The windows and the total of them. A session's store keeps it for as long as it is open: Kafka's default is a millisecond less. */
export function totalOf(window: Step, total: Step): readonly Step[] {
  if (window.op !== 'session' || total['retention'] !== undefined) return [window, total]
  return [window, { ...total, retention: Number(window['gap']) + Number(window['grace']) + 1 }]
}
