import type { Serde } from '@millrace/core'
import type {
  FixedKeyContext,
  FixedKeyRecord,
  Processor,
  ProcessNode,
  ProcessorContext,
  StreamRecord,
} from '../graph/processor.ts'
import type {
  AnyStore,
  IndexOf,
  InMemory,
  KeyValueStoreDeclaration,
  NoIndexes,
  StoredIndex,
  StoreDeclaration,
  WindowStoreDeclaration,
} from '../graph/stores.ts'
import type { SessionStoreDeclaration, VersionedStoreDeclaration } from '../graph/timed-stores.ts'
import type { Duration } from '../time/duration.ts'
import { checkCount, checkFunctions, checkOptions, checkSerdes } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'

interface AnyProcessing<S extends AnyStore> {
  /** Stands in messages and descriptions, and is what `forward(record, child)` means. Not durable. */
  readonly name: string
  /** The stores it uses. Processors that name the same declaration share it. */
  readonly stores?: readonly S[]
}

/** A processor that may change the key. Say what it forwards at its context: `(context: ProcessorContext<string, number>) => …`. */
export interface Processing<K, V, K2, V2, S extends AnyStore> extends AnyProcessing<S> {
  /** Called once a task, when its stores are there: makes a processor of its own for it. */
  readonly open: (context: ProcessorContext<K2, V2, S>) => Processor<StreamRecord<K, V>>
}

/** A processor that leaves the key alone. */
export interface ValueProcessing<K, V, V2, S extends AnyStore> extends AnyProcessing<S> {
  /** Called once a task, when its stores are there: makes a processor of its own for it. */
  readonly open: (context: FixedKeyContext<K, V2, S>) => Processor<FixedKeyRecord<K, V>>
}

/** What the graph keeps of a processor. @throws INVALID_STREAM_OPTION */
export function processNode(where: string, options: unknown): Pick<ProcessNode, 'givenName' | 'stateStores' | 'open'> {
  checkOptions(where, options, ['name', 'stores', 'open'])
  const { name, stores = [], open } = options as Pick<ProcessNode, 'open'> & AnyProcessing<AnyStore>
  checkFunctions(where, { open })
  if (!Array.isArray(stores)) throw notStores(`${where}, stores`, stores)
  return { givenName: name, stateStores: [...new Set(stores.map((store) => declarationIn(store, `${where}, stores`)))], open }
}

/** Those that were made here: what is not, is not checked either. */
const declarations = new WeakSet<object>()

/** @throws INVALID_STREAM_OPTION */
export function declarationIn(given: unknown, where: string = 'addStore'): StoreDeclaration {
  if (typeof given === 'object' && given !== null && declarations.has(given)) return given as StoreDeclaration
  throw notStores(where, given)
}

function notStores(where: string, given: unknown): Error {
  const expected = 'what keyValueStore(...), windowStore(...), versionedStore(...) and sessionStore(...) give'
  return streamError('INVALID_STREAM_OPTION', { what: 'not a store', where, expected, received: String(given) })
}

/** What every store has. */
interface StoreOptions<K, V, N extends string> {
  /** Names the store and its changelog, `<applicationId>-<name>-changelog`. */
  readonly name: N
  readonly key: Serde<K>
  readonly value: Serde<V>
  /**
   * Keeps it in memory: `restored` from its changelog whenever its task is opened, or `lossy`, without a changelog: a crash or a
   * restart empties it. Default: it has its rows on disk, and a changelog.
   */
  readonly inMemory?: InMemory
}

/**
 * Declares a store with one value a key, for processors: durable, with a changelog.
 *
 * `ttl`: how long a row lives without being written, by the task's stream time. A row whose timestamp lies that long behind is gone: no
 * read and no scan shows it, and it is deleted some time later, which is counted as nothing. A `put` with such a timestamp is dropped
 * and counted (`expired`). The keys of the rows stand in memory, by time. Kafka Streams has nothing like it.
 *
 * `indexes`: what else rows are found by, in scans. An index lies beside the rows, not in the changelog, and is made anew from it when
 * its name is new; each `put` then reads the row that it replaces.
 * @throws INVALID_STREAM_OPTION; a name that is missing, illegal or taken is refused where a processor uses it
 */
export function keyValueStore<K, V, const N extends string, I = NoIndexes>(
  options: StoreOptions<K, V, N> & {
    readonly ttl?: Duration
    readonly indexes?: { readonly [P in keyof I]: IndexOf<K, V, I[P]> }
  },
): KeyValueStoreDeclaration<K, V, N, I> {
  const common = storeIn('keyValueStore', options, ['ttl', 'indexes'])
  const { ttl, indexes = {} } = options
  if (ttl !== undefined) checkCount('keyValueStore, ttl', ttl)
  return declared({ kind: 'keyValue', ...common, ttlMs: ttl ?? null, indexes: Object.entries(indexes).map(indexIn) })
}

/** @throws INVALID_STREAM_OPTION */
function indexIn([name, given]: [string, unknown]): StoredIndex {
  const where = `keyValueStore, index ${name}`
  checkOptions(where, given, ['key', 'of'])
  const { key, of } = given as Omit<StoredIndex, 'name'>
  checkSerdes(where, { key })
  checkFunctions(where, { of })
  return { name, key, of }
}

/**
 * Declares a store with values by key and start of a window, for processors: durable, with a changelog. Rows that are older than
 * the retention, by the task's stream time, are deleted when a newer one comes.
 * @throws INVALID_STREAM_OPTION; a name that is missing, illegal or taken is refused where a processor uses it
 */
export function windowStore<K, V, const N extends string>(
  options: StoreOptions<K, V, N> & { readonly retention: Duration },
): WindowStoreDeclaration<K, V, N> {
  const common = storeIn('windowStore', options, ['retention'])
  checkCount('windowStore, retention', options.retention)
  return declared({ kind: 'window', ...common, retentionMs: options.retention })
}

/**
 * Declares a store of versions, for processors (KIP-889): durable, with a changelog. It keeps the newest version of a key always, and
 * older ones as long as a lookup `asOf` a time within the history may need them; time is the greatest timestamp that was put.
 * @throws INVALID_STREAM_OPTION; a name that is missing, illegal or taken is refused where a processor uses it
 */
export function versionedStore<K, V, const N extends string>(
  options: StoreOptions<K, V, N> & { readonly historyRetention: Duration },
): VersionedStoreDeclaration<K, V, N> {
  const common = storeIn('versionedStore', options, ['historyRetention'])
  checkCount('versionedStore, historyRetention', options.historyRetention)
  return declared({ kind: 'versioned', ...common, historyMs: options.historyRetention })
}

/** Of the retention: what one row holds of a key. */
const stretchesOfRetention = 16

/**
 * Declares a store of sessions, for processors: durable, with a changelog. Sessions that end at or before the task's stream time less
 * the retention are gone.
 * @throws INVALID_STREAM_OPTION; a name that is missing, illegal or taken is refused where a processor uses it
 */
export function sessionStore<K, V, const N extends string>(
  options: StoreOptions<K, V, N> & { readonly retention: Duration },
): SessionStoreDeclaration<K, V, N> {
  const common = storeIn('sessionStore', options, ['retention'])
  const { retention } = options
  checkCount('sessionStore, retention', retention)
  return declared({ kind: 'session', ...common, retentionMs: retention, widthMs: Math.ceil(retention / stretchesOfRetention) })
}

const kindsOfMemory: readonly unknown[] = ['restored', 'lossy', undefined]

function storeIn<K, V, N extends string>(where: string, options: StoreOptions<K, V, N>, others: readonly string[]) {
  checkOptions(where, options, ['name', 'key', 'value', 'inMemory', ...others])
  const { name, key, value, inMemory } = options
  checkSerdes(where, { key, value })
  if (kindsOfMemory.includes(inMemory)) return { name, key, value, inMemory: inMemory ?? null }
  throw streamError('INVALID_STREAM_OPTION', {
    what: 'not a way to keep a store in memory',
    where: `${where}, inMemory`,
    expected: 'restored or lossy',
    received: String(inMemory),
  })
}

function declared<D extends object>(declaration: D): D {
  declarations.add(declaration)
  return Object.freeze(declaration)
}
