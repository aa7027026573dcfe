import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import type { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { Output, TaskContext } from '../task/task-context.ts'
import { streamError } from '../time/stream-errors.ts'
import type { OperatorNode } from './node.ts'

type Partitions = number | readonly number[] | undefined

export interface RouteNode extends OperatorNode {
  readonly kind: 'route'
  readonly topic: string | ((value: unknown, key: unknown, meta: Meta) => string)
  readonly topics: readonly string[] | null
  readonly partition:
    | ((value: unknown, key: unknown, topic: { readonly topic: string; readonly partitions: number }, meta: Meta) => Partitions)
    | null
}

/**
 * The end of a branch, in a topic and in partitions that user code chooses. What it chooses is checked where it chooses, under
 * the error policy for writing: a topic that is not there, a partition that the topic does not have. A record for no partition is dropped
 * and counted (KIP-873).
 */
export function route(node: RouteNode, context: TaskContext): OperatorFunction<Rec, never> {
  const output = context.output<unknown, unknown>(node.name)
  const chosen = new Chooser(node, output)
  const writing = { errorPolicy: context.writePolicy, failed: (error: unknown) => context.unwritten(error) }
  const choose = guarded((rec: Rec, meta: Meta) => chosen.choose(rec, meta), writing)
  const { record } = context
  return operator((rec) => {
    context.node = node.name
    record.timestamp = rec.timestamp
    const partitions = choose(rec, record)
    if (partitions === skipped) return
    if (partitions?.length === 0) return context.drop('no-partition', node.name)
    output.append(rec.key, rec.value, rec.timestamp, record.headers, { topic: chosen.topic, partitions })
  })
}

class Chooser {
  /** Of the record that was chosen for last. */
  topic = ''
  readonly #node: RouteNode
  readonly #output: Output<unknown, unknown>

  constructor(node: RouteNode, output: Output<unknown, unknown>) {
    this.#node = node
    this.#output = output
  }

  /** Null: where the key puts it. */
  choose({ key, value }: Rec, meta: Meta): readonly number[] | null {
    const { topic, topics, partition } = this.#node
    this.topic = typeof topic === 'string' ? topic : topic(value, key, meta)
    const count = this.#output.partitions(this.topic)
    if (count === null || topics?.includes(this.topic) === false) throw this.#unknownTopic()
    if (partition === null) return null
    return this.#listOf(partition(value, key, { topic: this.topic, partitions: count }, meta), count)
  }

  #listOf(given: Partitions, count: number): readonly number[] | null {
    if (given === undefined) return null
    const list = typeof given === 'number' ? [given] : [...new Set(given)]
    const wrong = list.find((partition) => !Number.isSafeInteger(partition) || partition < 0 || partition >= count)
    if (wrong === undefined) return list
    const expected = `partitions 0 to ${count - 1} of ${this.topic}`
    throw invalid('the partition of a record', this.#node.name, expected, wrong)
  }

  #unknownTopic(): Error {
    const expected = this.#node.topics?.join(', ') ?? 'a topic that was there when the application started'
    return invalid('the topic of a record', this.#node.name, expected, this.topic)
  }
}

function invalid(what: string, where: string, expected: string, received: unknown): Error {
  return streamError('RECORD_INVALID', {
    what: `user code chose what is not there: ${what}`,
    where,
    expected,
    received: String(received),
  })
}
