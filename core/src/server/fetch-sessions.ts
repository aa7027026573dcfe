import type { RequestOf } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { FetchSession, placesOf, type AskedPlace, type Finding } from './fetch-session.ts'

export interface FetchSessionLimits {
  /** max.incremental.fetch.session.cache.slots */
  readonly slots: number
  /** Of all sessions together, so that memory is bounded; Kafka has no such limit. */
  readonly partitions: number
  /** A session that nobody has used, or that has existed, for so long may make room for a new one (Kafka: 2 minutes). */
  readonly evictionMs: number
}

/** `slots`: sessions, and 250 partitions for each on the average. */
export function fetchSessionLimits(slots: number): FetchSessionLimits {
  return { slots, partitions: 250 * slots, evictionMs: 120_000 }
}

type FetchRequest = Pick<RequestOf<'fetch'>, 'sessionId' | 'sessionEpoch' | 'topics' | 'forgottenTopicsData'>

interface Asker {
  readonly owner: string
  readonly usesTopicIds: boolean
  readonly now: number
}

/** One fetch, from its request to its answer. */
export interface FetchTurn {
  readonly errorCode: number
  readonly places: readonly AskedPlace[]
  readonly answer: <T extends Finding>(findings: readonly T[], now: number) => TurnAnswer<T>
  /** Nothing is told: the client is to wait, and to ask the same again. */
  readonly emptyAnswer: () => TurnAnswer<never>
}

interface TurnAnswer<T> {
  readonly errorCode: number
  readonly sessionId: number
  readonly told: readonly T[]
}

const noSession = 0
const finalEpoch = -1
const initialEpoch = 0
const lastEpoch = 2 ** 31 - 1

/**
 * The sessions of one server (KIP-227), in bounded memory. A client that gets none (session 0) says everything each time, so that no
 * limit here refuses a fetch.
 *
 *     epoch -1                    everything is asked for; the session, if one is named, is closed
 *     epoch 0                     the same, and a new session is made with the answer, if there is room
 *     epoch n, session s          what has changed since n - 1
 *
 * Invariants
 *   FC1  A session is its principal's: to others it is not there.
 *   FC2  Requests of a session follow each other: one that comes with another epoch than the next is refused, and so is one that a later
 *        one has overtaken.
 *   FC3  There is room for a new session in a free slot; in that of the one unused for longest, when that is long; or in that of the
 *        smallest one that has existed for long, when it is smaller than the new one. Else there is none.
 */
export class FetchSessions {
  private readonly limits: FetchSessionLimits
  /** From 0 to 2^31 - 1. */
  private readonly random: () => number
  /** The one unused for longest comes first. */
  private readonly sessions = new Map<number, FetchSession>()
  private remembered = 0

  constructor(limits: FetchSessionLimits, random: () => number) {
    this.limits = limits
    this.random = random
  }

  get count(): number {
    return this.sessions.size
  }

  /** Partitions of all sessions. */
  get partitions(): number {
    return this.remembered
  }

  begin(request: FetchRequest, asker: Asker): FetchTurn {
    const { sessionId, sessionEpoch, topics } = request
    if (sessionEpoch !== initialEpoch && sessionEpoch !== finalEpoch) return this.goOn(request, asker)
    const before = this.find(sessionId, asker)
    if (before !== undefined) this.remove(before)
    const places = placesOf(topics)
    return sessionEpoch === finalEpoch ? withoutSession(places) : this.first(places, asker)
  }

  private find(sessionId: number, { owner }: Asker): FetchSession | undefined {
    const session = this.sessions.get(sessionId)
    return session?.owner === owner ? session : undefined
  }

  private first(places: readonly AskedPlace[], asker: Asker): FetchTurn {
    return {
      ...withoutSession(places),
      answer: (findings, now) => {
        const session = this.create(places, { ...asker, now })
        session?.tell(findings)
        return { errorCode: errorCodes.NONE, sessionId: session?.id ?? noSession, told: findings }
      },
    }
  }

  private goOn({ sessionId, sessionEpoch, topics, forgottenTopicsData }: FetchRequest, asker: Asker): FetchTurn {
    const session = this.find(sessionId, asker)
    if (session === undefined) return refused(errorCodes.FETCH_SESSION_ID_NOT_FOUND)
    if (session.epoch !== sessionEpoch) return refused(errorCodes.INVALID_FETCH_SESSION_EPOCH)
    if (session.usesTopicIds !== asker.usesTopicIds) return refused(errorCodes.FETCH_SESSION_TOPIC_ID_ERROR)
    this.touch(session, asker.now, () => {
      session.add(placesOf(topics))
      session.forget(forgottenTopicsData)
    })
    session.epoch = sessionEpoch === lastEpoch ? 1 : sessionEpoch + 1
    const isTooMuch = this.remembered > this.limits.partitions
    if (!isTooMuch && session.size > 0) return this.next(session)
    this.remove(session)
    return isTooMuch ? refused(errorCodes.FETCH_SESSION_ID_NOT_FOUND) : withoutSession([])
  }

  private next(session: FetchSession): FetchTurn {
    const { epoch, id } = session
    const answered = <T extends Finding>(told: () => readonly T[]): TurnAnswer<T> =>
      session.epoch === epoch
        ? { errorCode: errorCodes.NONE, sessionId: id, told: told() }
        : { errorCode: errorCodes.INVALID_FETCH_SESSION_EPOCH, sessionId: noSession, told: [] }
    return {
      errorCode: errorCodes.NONE,
      places: session.places,
      answer: (findings) => answered(() => session.tell(findings)),
      emptyAnswer: () => answered<never>(() => []),
    }
  }

  /** Undefined: there is no room. */
  private create(places: readonly AskedPlace[], { owner, usesTopicIds, now }: Asker): FetchSession | undefined {
    if (places.length === 0 || !this.makeRoom(places.length, now)) return undefined
    const session = new FetchSession({ id: this.newId(), owner, usesTopicIds, now })
    session.add(places)
    this.sessions.set(session.id, session)
    this.remembered += session.size
    return session
  }

  private newId(): number {
    for (;;) {
      const id = this.random()
      if (id !== noSession && !this.sessions.has(id)) return id
    }
  }

  private makeRoom(size: number, now: number): boolean {
    const { slots, partitions, evictionMs } = this.limits
    const isFull = (): boolean => this.sessions.size >= slots
    for (const session of this.sessions.values()) {
      const hasRoom = !isFull() && this.remembered + size <= partitions
      if (hasRoom || now - session.usedAt <= evictionMs) break
      this.remove(session)
    }
    if (this.remembered + size > partitions) return false
    return !isFull() || this.replaceSmallest(size, now)
  }

  private replaceSmallest(size: number, now: number): boolean {
    const old = [...this.sessions.values()].filter(({ createdAt }) => now - createdAt > this.limits.evictionMs)
    const [smallest] = old.toSorted((a, b) => a.size - b.size)
    if (smallest === undefined || smallest.size >= size) return false
    this.remove(smallest)
    return true
  }

  private touch(session: FetchSession, now: number, change: () => void): void {
    this.remembered -= session.size
    change()
    this.remembered += session.size
    session.usedAt = now
    this.sessions.delete(session.id)
    this.sessions.set(session.id, session)
  }

  private remove(session: FetchSession): void {
    this.sessions.delete(session.id)
    this.remembered -= session.size
  }
}

function withoutSession(places: readonly AskedPlace[]): FetchTurn {
  return {
    errorCode: errorCodes.NONE,
    places,
    answer: (told) => ({ errorCode: errorCodes.NONE, sessionId: noSession, told }),
    emptyAnswer: () => ({ errorCode: errorCodes.NONE, sessionId: noSession, told: [] }),
  }
}

function refused(errorCode: number): FetchTurn {
  const nothing = { errorCode, sessionId: noSession, told: [] }
  return { errorCode, places: [], answer: () => nothing, emptyAnswer: () => nothing }
}
