import type { NetPlace } from '../base/net.ts'
import type { Broker } from '../broker/broker.ts'
import type { ApiName, RequestOf, ResponseDraft } from '../protocol/apis.ts'
import type { FetchSessions } from './fetch-sessions.ts'
import type { Access } from './access.ts'
import type { Authentication } from './authentication.ts'
import type { Session } from './session.ts'

/** What a server says of itself, the same in every answer. */
export interface ServerIdentity {
  readonly clusterId: string
  readonly nodeId: number
  /** The most replicas that a topic may ask for. See `brokersOf`. */
  readonly maxReplicationFactor: number
}

/** Who asks, and what answers. */
export interface RequestContext {
  readonly broker: Broker
  readonly server: ServerIdentity
  /** Where clients of this listener find the server. */
  readonly advertised: NetPlace
  /** What the server answers. */
  readonly served: readonly ApiName[]
  readonly version: number
  readonly clientId: string
  /** Of the client, for messages. */
  readonly remote: NetPlace
  /** Who is at the other end of the connection. */
  readonly session: Session
  /** Of all connections. */
  readonly fetchSessions: FetchSessions
  /** What they may do. */
  readonly access: Access
  /** How they come to be known. */
  readonly authentication: Authentication
  /** For work that waits for others: null when the connection ends, or the server closes, before it is done. */
  readonly untilClosing: <T>(work: Promise<T>) => Promise<T | null>
}

/**
 * Answers the requests of one API. What a client may have done wrong is said in the answer; what is thrown closes the connection.
 * Null: there is no answer (a produce that wants none).
 */
export type Handler<Name extends ApiName> = (
  request: RequestOf<Name>,
  context: RequestContext,
) => Promise<ResponseDraft<Name> | null> | ResponseDraft<Name>

/** Those that there are. What is missing is not advertised, and closes the connection of whoever asks for it. */
export type Handlers = { readonly [Name in ApiName]?: Handler<Name> }
