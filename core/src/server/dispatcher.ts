import { coreError } from '../base/error-catalogue.ts'
import type { NetPlace } from '../base/net.ts'
import type { Broker } from '../broker/broker.ts'
import { apiNames, type ApiName } from '../protocol/apis.ts'
import { decodeRequestBody, openRequest, type OpenedRequest } from '../protocol/request-frame.ts'
import { encodeResponse } from '../protocol/response-frame.ts'
import { openAccess, type Access } from './access.ts'
import type { Authorizer } from './authorizer.ts'
import type { Closing } from './closing.ts'
import type { Call } from './connection.ts'
import type { FetchSessions } from './fetch-sessions.ts'
import type { Handler, RequestContext, ServerIdentity } from './handler.ts'
import { guarded } from './guards.ts'
import { handlers } from './handlers.ts'
import { unknownVersionAnswer } from './handlers/api-versions.ts'
import type { Session } from './session.ts'

const served = apiNames.filter((name) => handlers[name] !== undefined)

type Known = Extract<OpenedRequest, { readonly kind: 'known' }>

/**
 * From a frame to its answer: the request is decoded, its handler is called, what it answers is encoded.
 *
 * To an unknown version of ApiVersions version 0 is the answer (KIP-511); any other unknown thing closes the connection, since nobody
 * knows how to say it.
 */
export class Dispatcher {
  private readonly broker: Broker
  private readonly server: ServerIdentity
  private readonly advertised: NetPlace
  private readonly remote: NetPlace
  private readonly closing: Closing
  private readonly session: Session
  private readonly fetchSessions: FetchSessions
  private readonly authorizer: Authorizer | null

  constructor(parts: {
    readonly broker: Broker
    readonly server: ServerIdentity
    readonly advertised: NetPlace
    readonly remote: NetPlace
    readonly closing: Closing
    readonly session: Session
    readonly fetchSessions: FetchSessions
    readonly authorizer: Authorizer | null
  }) {
    this.broker = parts.broker
    this.server = parts.server
    this.advertised = parts.advertised
    this.remote = parts.remote
    this.closing = parts.closing
    this.session = parts.session
    this.fetchSessions = parts.fetchSessions
    this.authorizer = parts.authorizer
  }

  /** @throws FRAME_INVALID, UNSUPPORTED_VERSION */
  call(frame: Uint8Array): Call {
    const opened = openRequest(frame)
    const sizeBytes = frame.length
    if (opened.kind === 'known') return { overlaps: opened.name === 'produce', sizeBytes, run: () => this.answer(opened) }
    if (opened.kind === 'unknownVersion' && opened.name === 'apiVersions') {
      const { chunks } = encodeResponse('apiVersions', 0, opened.correlationId, unknownVersionAnswer(served))
      return { overlaps: false, sizeBytes, run: () => Promise.resolve(chunks) }
    }
    throw coreError('UNSUPPORTED_VERSION', {
      what: 'a request that this server does not know',
      where: `${this.remote.host}:${this.remote.port}`,
      received: opened.kind === 'unknownKey' ? `API key ${opened.key}` : `${opened.name} version ${opened.version}`,
    })
  }

  private async answer<Name extends ApiName>(opened: Known & { readonly name: Name }): Promise<readonly Uint8Array[] | null> {
    const { name, version, correlationId, clientId, body } = opened
    const handler: Handler<Name> | undefined = handlers[name]
    if (handler === undefined) {
      throw coreError('UNSUPPORTED_VERSION', { what: 'this server does not serve such requests', received: name })
    }
    const { broker, server, advertised, remote, session, fetchSessions } = this
    const untilClosing: RequestContext['untilClosing'] = (work) => this.closing.untilClosing(work)
    const context: RequestContext = {
      broker,
      server,
      advertised,
      remote,
      session,
      fetchSessions,
      access: this.access(),
      served,
      version,
      untilClosing,
      clientId: clientId ?? '',
    }
    const request = decodeRequestBody(name, version, body)
    const response = await (this.authorizer === null ? handler(request, context) : guarded(name, handler, request, context))
    return response === null ? null : encodeResponse(name, version, correlationId, response).chunks
  }

  private access(): Access {
    if (this.authorizer === null) return openAccess
    return this.authorizer.accessOf(this.session.principal, this.remote.host, () => {})
  }
}
