import { coreError } from '../base/error-catalogue.ts'
import { principalText } from '../base/principal.ts'
import { apiNames, type ApiName, type ResponseDraft } from '../protocol/apis.ts'
import { decodeRequestBody, openRequest, type OpenedRequest } from '../protocol/request-frame.ts'
import { encodeResponse } from '../protocol/response-frame.ts'
import { openAccess, type Access } from './access.ts'
import type { AuditSource, AuditTrail } from './audit-trail.ts'
import { tellChanges } from './audited-changes.ts'
import { plainAddress, type Authorizer } from './authorizer.ts'
import type { Closing } from './closing.ts'
import type { Call } from './connection.ts'
import type { Handler, RequestContext } from './handler.ts'
import { guarded } from './guards.ts'
import { handlers } from './handlers.ts'
import { unknownVersionAnswer } from './handlers/api-versions.ts'
import { payerOf, RequestMeter } from './request-meter.ts'

const served = apiNames.filter((name) => handlers[name] !== undefined)

type Known = Extract<OpenedRequest, { readonly kind: 'known' }>

/** What each request of a connection is answered with. */
type OfConnection = Omit<RequestContext, 'access' | 'version' | 'clientId'>

export interface DispatcherParts extends Omit<OfConnection, 'served' | 'untilClosing'> {
  readonly closing: Closing
  /** Null: every client may do everything. */
  readonly authorizer: Authorizer | null
  /** Null: nobody listens. */
  readonly audit: AuditTrail | null
  /** Of the connection: see `RequestMeter`. */
  readonly mute: (ms: number) => void
}

/**
 * From a frame to its answer: the request is decoded, its handler is called, what it answers is encoded.
 *
 * To an unknown version of ApiVersions version 0 is the answer (KIP-511); any other unknown thing closes the connection, since nobody
 * knows how to say it.
 */
export class Dispatcher {
  private readonly parts: DispatcherParts
  private readonly ofConnection: OfConnection

  constructor(parts: DispatcherParts) {
    const { broker, server, fetchSessions, advertised, remote, session, authentication, closing } = parts
    this.parts = parts
    const untilClosing: RequestContext['untilClosing'] = (work) => closing.untilClosing(work)
    this.ofConnection = { broker, server, fetchSessions, advertised, remote, session, authentication, untilClosing, served }
  }

  /**
   * What a frame means depends on those before it until it is clear who asks: it is opened when those are answered.
   * @throws FRAME_INVALID, UNSUPPORTED_VERSION
   */
  call(frame: Uint8Array): Call {
    if (this.parts.authentication.isSettled) return this.request(frame)
    return { overlaps: false, sizeBytes: frame.length, run: () => this.unsettled(frame) }
  }

  /** @throws as `call`, and NOT_AUTHENTICATED */
  private async unsettled(frame: Uint8Array): Promise<readonly Uint8Array[] | null> {
    const { authentication } = this.parts
    if (authentication.hasFailed) return null // its answer is on the way, and nothing comes after it
    if (!authentication.awaitsBareToken) return this.request(frame).run()
    const outcome = await authentication.token(frame)
    return outcome.kind === 'answer' ? [sizeOf(outcome.token), outcome.token] : null
  }

  private request(frame: Uint8Array): Call {
    const opened = openRequest(frame)
    const sizeBytes = frame.length
    if (opened.kind === 'known')
      return { overlaps: opened.name === 'produce', sizeBytes, run: () => this.answer(opened, sizeBytes) }
    if (opened.kind === 'unknownVersion' && opened.name === 'apiVersions') {
      const { chunks } = encodeResponse('apiVersions', 0, opened.correlationId, unknownVersionAnswer(served))
      const run = async (): Promise<readonly Uint8Array[]> => {
        this.parts.authentication.check('apiVersions')
        return chunks
      }
      return { overlaps: false, sizeBytes, run }
    }
    throw coreError('UNSUPPORTED_VERSION', {
      what: 'a request that this server does not know',
      where: `${this.parts.remote.host}:${this.parts.remote.port}`,
      received: opened.kind === 'unknownKey' ? `API key ${opened.key}` : `${opened.name} version ${opened.version}`,
    })
  }

  private async answer<Name extends ApiName>(
    opened: Known & { readonly name: Name },
    sizeBytes: number,
  ): Promise<readonly Uint8Array[] | null> {
    const { name, version, correlationId, clientId, body } = opened
    this.parts.authentication.check(name)
    const handler: Handler<Name> | undefined = handlers[name]
    if (handler === undefined) {
      throw coreError('UNSUPPORTED_VERSION', { what: 'this server does not serve such requests', received: name })
    }
    const source = this.sourceOf(name, clientId ?? '')
    const context: RequestContext = { ...this.ofConnection, access: this.accessOf(source), version, clientId: clientId ?? '' }
    const { authorizer, audit, broker, mute } = this.parts
    const meter = new RequestMeter({ quotas: broker.quotas, clock: broker.directory.world.clock, payer: payerOf(context), mute })
    meter.received(name, sizeBytes)
    const response = await meter.spend(async () => {
      const request = decodeRequestBody(name, version, body)
      const found = await (authorizer === null ? handler(request, context) : guarded(name, handler, request, context))
      if (source !== null) tellChanges(audit!, source, request, found)
      return found
    })
    const answer = meter.settled<ResponseDraft<Name>>(response)
    return answer === null ? null : encodeResponse(name, version, correlationId, answer).chunks
  }

  private accessOf(source: AuditSource | null): Access {
    const { authorizer, audit, session, remote } = this.parts
    if (authorizer === null) return openAccess
    return authorizer.accessOf(session.principal, remote.host, (operation, resourceType, resourceName) => {
      if (source !== null) audit?.refused(source, operation, resourceType, resourceName)
    })
  }

  /** Null: nobody listens. */
  private sourceOf<Name extends ApiName>(api: Name, clientId: string): (AuditSource & { readonly api: Name }) | null {
    const { audit, session, remote } = this.parts
    if (audit === null) return null
    return { principal: principalText(session.principal), host: plainAddress(remote.host), clientId, api }
  }
}

/** Bare tokens have no more of a frame than its size. */
function sizeOf(token: Uint8Array): Uint8Array {
  const size = Buffer.alloc(4)
  size.writeInt32BE(token.length)
  return size
}
