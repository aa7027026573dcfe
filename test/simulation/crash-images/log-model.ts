/**
 * What a log holds, as a plain function of what was submitted to it: an oracle that shares no code with the log.
 *
 *   submissions   0 · 1 · 2 · … · n      in the order of their calls, which is that of the journal
 *   state(k)      after the first k      records by partition, who wrote them, what became of it, the group's position
 *
 * Invariants
 *   M1  A submission is whole or not there at all; what a crash leaves is state(k) for one k, over all partitions.
 *   M2  A marker takes one offset in each partition that the transaction wrote to.
 */
export interface ModelRecord {
  readonly key: string | null
  /** Null: a tombstone. */
  readonly value: string | null
}

export interface Write {
  readonly topic: string
  readonly partition: number
  readonly records: readonly ModelRecord[]
}

export type Submission =
  | { readonly kind: 'create'; readonly topic: string; readonly partitions: number; readonly compacted: boolean }
  | { readonly kind: 'delete'; readonly topic: string }
  | { readonly kind: 'append'; readonly write: Write; readonly transaction: string | null }
  | { readonly kind: 'end'; readonly transaction: string; readonly how: 'commit' | 'abort'; readonly position: number | null }
  | { readonly kind: 'transact'; readonly writes: readonly Write[]; readonly position: number | null }

export interface PlacedRecord extends ModelRecord {
  readonly offset: number
  /** Whether a read_committed reader sees it. */
  readonly visible: boolean
}

export interface PartitionState {
  readonly topic: string
  readonly partition: number
  readonly compacted: boolean
  readonly end: number
  readonly lastStable: number
  /** Of all that was ever written. */
  readonly records: readonly PlacedRecord[]
}

export interface LogState {
  readonly topics: readonly string[]
  /** By name. */
  readonly partitions: ReadonlyMap<string, PartitionState>
  readonly position: number | null
}

type Fate = 'plain' | 'open' | 'committed' | 'aborted'

interface Transaction {
  fate: Fate
  readonly places: Set<Content>
}

interface Content {
  readonly topic: string
  readonly partition: number
  readonly compacted: boolean
  end: number
  readonly records: (ModelRecord & { readonly offset: number; readonly by: Transaction })[]
}

export function placeName({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}-${partition}`
}

export function stateAfter(submissions: readonly Submission[]): LogState {
  const fold = new Fold()
  for (const submission of submissions) fold.take(submission)
  return fold.state()
}

class Fold {
  readonly #places = new Map<string, Content>()
  readonly #topics = new Map<string, number>()
  readonly #open = new Map<string, Transaction>()
  #position: number | null = null

  take(submission: Submission): void {
    switch (submission.kind) {
      case 'create':
        return this.#create(submission)
      case 'delete':
        return this.#delete(submission.topic)
      case 'append':
        return this.#append(submission.write, this.#transaction(submission.transaction))
      case 'end':
        this.#end(this.#transaction(submission.transaction), submission.how)
        this.#open.delete(submission.transaction)
        if (submission.how === 'commit') this.#position = submission.position ?? this.#position
        return
      case 'transact': {
        const transaction: Transaction = { fate: 'open', places: new Set() }
        for (const write of submission.writes) this.#append(write, transaction)
        this.#end(transaction, 'commit')
        this.#position = submission.position ?? this.#position
      }
    }
  }

  #create({ topic, partitions, compacted }: Extract<Submission, { kind: 'create' }>): void {
    this.#topics.set(topic, partitions)
    for (let partition = 0; partition < partitions; partition++) {
      this.#places.set(placeName({ topic, partition }), { topic, partition, compacted, end: 0, records: [] })
    }
  }

  #delete(topic: string): void {
    for (let partition = 0; partition < (this.#topics.get(topic) ?? 0); partition++)
      this.#places.delete(placeName({ topic, partition }))
    this.#topics.delete(topic)
  }

  #transaction(id: string | null): Transaction {
    if (id === null) return { fate: 'plain', places: new Set() }
    const open = this.#open.get(id) ?? { fate: 'open', places: new Set() }
    this.#open.set(id, open)
    return open
  }

  #append({ records, ...place }: Write, by: Transaction): void {
    const content = this.#places.get(placeName(place))
    if (content === undefined) return // its topic was never made, or is in doubt
    by.places.add(content)
    for (const record of records) content.records.push({ ...record, offset: content.end++, by })
  }

  #end(transaction: Transaction, how: 'commit' | 'abort'): void {
    transaction.fate = how === 'commit' ? 'committed' : 'aborted'
    for (const content of transaction.places) content.end += 1
  }

  state(): LogState {
    const partitions = new Map([...this.#places].map(([name, content]) => [name, partitionState(content)]))
    return { topics: [...this.#topics.keys()].sort(), partitions, position: this.#position }
  }
}

function partitionState({ topic, partition, compacted, end, records }: Content): PartitionState {
  const lastStable = records.find(({ by }) => by.fate === 'open')?.offset ?? end
  return {
    topic,
    partition,
    compacted,
    end,
    lastStable,
    records: records.map(({ offset, key, value, by }) => {
      return { offset, key, value, visible: offset < lastStable && (by.fate === 'plain' || by.fate === 'committed') }
    }),
  }
}
