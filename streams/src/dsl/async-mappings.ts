import type { Serde } from '@millrace/core'
import type { AsyncCall, AsyncMapper } from '../graph/callbacks.ts'
import type { NewNode } from '../graph/graph-builder.ts'
import { checkName } from '../graph/names.ts'
import { checkCount, checkFunctions, checkOptions, checkSerdes } from '../time/options.ts'
import { markedNull, pendingInput } from '../time/pending-input.ts'
import { streamError } from '../time/stream-errors.ts'
import { erase } from './erase.ts'
import type { KStream } from './k-stream.ts'

/** A call to the outside for one value. It may be made more than once. */
export type CallsOutside<K, V, R> = (value: V, key: K, call: AsyncCall) => Promise<R>

export interface Retry {
  /** How often a call that failed is made again, from 0. */
  readonly times: number
  /** How long to wait before the first retry, in milliseconds from 0. */
  readonly backoffMs: number
  /** What each further wait is to the one before it, from 1. Default 1. */
  readonly factor?: number
}

/** How many calls, in what order, and what becomes of those that fail. */
export interface AsyncMapping<K, V> {
  /**
   * Names the store of the inputs whose call has not ended, and its changelog, `<applicationId>-<name>-changelog`. Another name is
   * another store, empty at first: what waits in the old one is not called any more.
   */
  readonly name: string
  readonly key: Serde<K>
  /** Of the inputs. A null value does not come to it. */
  readonly value: Serde<V>
  /** Calls at a time, for each task. One that waits for its retry counts. */
  readonly concurrency: number
  /**
   * `key`: the results of a key come in the order of its inputs, because a call waits for the one of its key before it; records with a
   * null key have no order. `none`: results come as calls end. Default `key`.
   */
  readonly order?: 'key' | 'none'
  /** How long one attempt may take, in milliseconds, at most 2^31 - 1 (24 days). Default 30 seconds. */
  readonly timeoutMs?: number
  /** Default: a call that failed is not made again. */
  readonly retry?: Retry
  /**
   * When the last attempt has failed. `fail`: the application stops with CALL_FAILED, which names the record; a restart calls again.
   * `skip`: the record is left out, counted as `failed` and reported to `onDropped`. Default: as the application's `onError`.
   */
  readonly onFailure?: 'fail' | 'skip'
}

/** Calls to the outside from a stream. */
export interface AsyncMappings<K, V> {
  /**
   * A new value from outside for each record: the function asks a service, a database, a model. The key stays, and the result goes on
   * with topic, partition, offset, timestamp and headers of its input, so its `meta` is the input's.
   *
   * No commit waits for a call. An input whose call has not ended is state, in a store with a changelog; the result and the end of that
   * state are one transaction. So after a crash or `close()` a call may be made again, and its result is written exactly once. Make the
   * calls idempotent where they change something: `meta` tells one input from another.
   *
   * ```ts
   * const checked = payments.mapAsync(async (payment, key, { signal }) => ({ ...payment, risk: await riskOf(payment, signal) }), {
   *   name: 'risk-checks', key: string, value: json<Payment>(), concurrency: 64,
   *   timeoutMs: 2_000, retry: { times: 3, backoffMs: 100, factor: 2 },
   * })
   * ```
   * A task holds at most 4 inputs for each call it may make (256 at the least) and takes no more records until calls end. The end of
   * the input waits for all calls; `close()` waits for none. Results come later than their timestamps: windows behind it need grace.
   * Null values and null keys are called for like any other. Kafka Streams has nothing like it.
   * @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, TOPOLOGY_INVALID, INVALID_STREAM_OPTION
   */
  mapAsync<R>(call: CallsOutside<K, V, R>, options: AsyncMapping<K, V>): KStream<K, R>
  /**
   * None, one or many new values from outside for each record: what the promise gives is read whole, and its values go on in their order,
   * in one event, so that a crash leaves none of them out and brings none twice. Reading it is a part of the call: what it throws is a
   * call that failed. Everything else is as in `mapAsync`.
   *
   * ```ts
   * const hits = queries.flatMapAsync((query, key, { signal }) => search(query, signal), {
   *   name: 'searches', key: string, value: json<Query>(), concurrency: 16,
   * })
   * ```
   * @throws as `mapAsync`
   */
  flatMapAsync<R>(call: CallsOutside<K, V, Iterable<R>>, options: AsyncMapping<K, V>): KStream<K, R>
}

/** How results become records: each is one, or each is a list of them. */
type Shape = 'mapAsync' | 'flatMapAsync'

const known = ['name', 'key', 'value', 'concurrency', 'order', 'timeoutMs', 'retry', 'onFailure']
const defaultTimeoutMs = 30_000
/** Timers go no further. */
const longestMs = 2 ** 31 - 1

/** The node of the calls for what the input emits. @throws as `mapAsync` */
export function asyncMapping<K, V>(shape: Shape, input: string, mapper: unknown, options: AsyncMapping<K, V>): NewNode {
  checkOptions(shape, options, known)
  const { name, concurrency, order = 'key', timeoutMs = defaultTimeoutMs, onFailure = null } = options
  const [key, value] = [erase(options.key), erase(options.value)]
  checkName(`the store of ${shape}`, name)
  checkFunctions(shape, { call: mapper })
  checkSerdes(shape, { key, value })
  checkCount(`${shape}, concurrency`, concurrency)
  checkOneOf(`${shape}, order`, order, ['key', 'none'])
  checkNumber(`${shape}, timeoutMs`, timeoutMs, { from: 1, to: longestMs, whole: true })
  if (onFailure !== null) checkOneOf(`${shape}, onFailure`, onFailure, ['fail', 'skip'])
  const kept = { kind: 'window', windows: null, name, key: erase(markedNull(key)), value: erase(pendingInput(value)) } as const
  const calls = { mapper: mapper as AsyncMapper, concurrency, order, timeoutMs, retry: retryOf(shape, options.retry), onFailure }
  return {
    kind: 'map-async',
    isFlat: shape === 'flatMapAsync',
    inputs: [input],
    kept: [kept],
    times: [],
    pending: name,
    key,
    ...calls,
  }
}

function retryOf(shape: Shape, retry: Retry = { times: 0, backoffMs: 0 }): Required<Retry> {
  checkOptions(`${shape}, retry`, retry, ['times', 'backoffMs', 'factor'])
  const { times, backoffMs, factor = 1 } = retry
  checkNumber(`${shape}, retry.times`, times, { from: 0, to: Number.MAX_SAFE_INTEGER, whole: true })
  checkNumber(`${shape}, retry.backoffMs`, backoffMs, { from: 0, to: longestMs, whole: true })
  checkNumber(`${shape}, retry.factor`, factor, { from: 1, to: Number.MAX_VALUE, whole: false })
  return { times, backoffMs, factor }
}

interface Range {
  readonly from: number
  readonly to: number
  readonly whole: boolean
}

function checkNumber(where: string, given: unknown, { from, to, whole }: Range): void {
  const isNumber = whole ? Number.isSafeInteger(given) : typeof given === 'number'
  if (isNumber && (given as number) >= from && (given as number) <= to) return
  const expected = `${whole ? 'a whole number' : 'a number'} from ${from} to ${to}`
  throw streamError('INVALID_STREAM_OPTION', {
    what: 'not in range',
    where,
    expected,
    received: String(given),
  })
}

function checkOneOf(where: string, given: unknown, values: readonly string[]): void {
  if (values.includes(given as string)) return
  const expected = values.join(' or ')
  throw streamError('INVALID_STREAM_OPTION', { what: 'not known', where, expected, received: String(given) })
}
