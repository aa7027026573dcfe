import { errorCodes } from '../protocol/error-codes.ts'
import { isNews, type AskedPlace, type Finding } from './fetch-session.ts'
import { FetchSessions, fetchSessionLimits, type FetchSessionLimits } from './fetch-sessions.ts'

type Asked = AskedPlace['asked']
type Known = Omit<Finding, 'place' | 'recordBytes'>

const noId = '0'.repeat(32)

export function askedPartition(partition: number, fetchOffset = 0): Asked {
  return {
    partition,
    currentLeaderEpoch: -1,
    fetchOffset,
    lastFetchedEpoch: -1,
    logStartOffset: -1,
    partitionMaxBytes: 1_000,
    replicaDirectoryId: noId,
    highWatermark: Infinity,
  }
}

export interface SessionState {
  readonly sessionId: number
  readonly sessionEpoch: number
}

export const noSession: SessionState = { sessionId: 0, sessionEpoch: 0 }

/** What there is in one topic; a record is one byte. */
class Truth {
  readonly partitions: Map<number, Known> = new Map()

  of(partition: number): Known {
    return this.partitions.get(partition) ?? { errorCode: 0, highWatermark: 0, lastStableOffset: 0, logStartOffset: 0 }
  }

  set(partition: number, change: Partial<Known>): void {
    this.partitions.set(partition, { ...this.of(partition), ...change })
  }
}

/** The server's half: a cache, and reads of at most `roomBytes` an answer. */
export class Server {
  readonly sessions: FetchSessions
  readonly truth: Truth = new Truth()
  roomBytes = 3
  now = 0
  private nextId = 0

  constructor(limits: Partial<FetchSessionLimits> = {}) {
    this.sessions = new FetchSessions({ ...fetchSessionLimits(10), ...limits }, () => this.nextId++)
  }

  fetch(
    state: SessionState,
    asked: readonly Asked[],
    forgotten: readonly number[] = [],
    { owner = 'alice', usesTopicIds = false }: { readonly owner?: string; readonly usesTopicIds?: boolean } = {},
  ): { errorCode: number; sessionId: number; told: readonly Finding[]; isNew: readonly boolean[] } {
    const place = { topic: 't', topicId: noId }
    const request = {
      ...state,
      topics: asked.length === 0 ? [] : [{ ...place, partitions: asked }],
      forgottenTopicsData: forgotten.length === 0 ? [] : [{ ...place, partitions: forgotten }],
    }
    const turn = this.sessions.begin(request, { owner, usesTopicIds, now: this.now })
    if (turn.errorCode !== errorCodes.NONE) return { errorCode: turn.errorCode, sessionId: 0, told: [], isNew: [] }
    const findings = this.read(turn.places)
    const isNew = findings.map(isNews)
    return { ...turn.answer(findings, this.now), isNew }
  }

  private read(places: readonly AskedPlace[]): readonly Finding[] {
    let left = this.roomBytes
    return places.map((place) => {
      const known = this.truth.of(place.asked.partition)
      const there = known.errorCode === 0 ? Math.max(0, known.highWatermark - place.asked.fetchOffset) : 0
      const recordBytes = Math.min(there, left)
      left -= recordBytes
      return { ...known, place, recordBytes }
    })
  }
}

/** A client as KIP-227 describes it: it says what differs from what it said before, and applies what it is told. */
export class SessionClient {
  private readonly server: Server
  state: SessionState = noSession
  /** Where it goes on reading, of those that it wants. */
  readonly wanted: Map<number, number> = new Map()
  readonly known: Map<number, Known> = new Map()
  private said = new Map<number, number>()

  constructor(server: Server) {
    this.server = server
  }

  get isFull(): boolean {
    return this.state.sessionEpoch === 0
  }

  /** The error code. */
  fetch(): number {
    const isFull = this.isFull
    const asked = [...this.wanted].filter(([partition, offset]) => isFull || this.said.get(partition) !== offset)
    const forgotten = isFull ? [] : [...this.said.keys()].filter((partition) => !this.wanted.has(partition))
    const partitions = asked.map(([partition, offset]) => askedPartition(partition, offset))
    const { errorCode, sessionId, told } = this.server.fetch(this.state, partitions, forgotten)
    if (errorCode === errorCodes.NONE) this.apply(isFull, sessionId, told)
    else this.state = noSession
    return errorCode
  }

  private apply(isFull: boolean, sessionId: number, told: readonly Finding[]): void {
    this.said = new Map(this.wanted)
    if (isFull) this.known.clear()
    for (const partition of this.known.keys()) if (!this.wanted.has(partition)) this.known.delete(partition)
    for (const { place, recordBytes, ...known } of told) {
      this.known.set(place.asked.partition, known)
      this.wanted.set(place.asked.partition, this.wanted.get(place.asked.partition)! + recordBytes)
    }
    this.state = sessionId === 0 ? noSession : { sessionId, sessionEpoch: this.state.sessionEpoch + 1 }
  }
}
