import type { Clock, Timer } from '../base/clock.ts'
import { coreError } from '../base/error-catalogue.ts'
import type { MillraceError } from '../base/errors.ts'
import type { Principal } from '../base/principal.ts'
import type { ApiName } from '../protocol/apis.ts'
import { quoted, type SaslExchange, type SaslMechanism, type SaslStep } from './sasl/mechanism.ts'
import type { Session } from './session.ts'

/** What a listener asks of clients before it serves them. */
export interface SaslTerms {
  readonly mechanisms: readonly SaslMechanism[]
  /** A session ends at the latest after so long, unless its client authenticates again (connections.max.reauth.ms); 0: never. */
  readonly maxReauthMs: number
}

export interface AuthenticationLimits {
  /** From the connection, or from the beginning of a re-authentication, until it is done. */
  readonly authenticationTimeoutMs: number
  /** How long the answer to a failed attempt is held back (connection.failed.authentication.delay.ms). */
  readonly failedDelayMs: number
  /** Of a request of somebody who is not known yet. */
  readonly maxFrameBytesBefore: number
}

/**
 *                    SaslHandshake                tokens, the last
 *   handshake ────────────────────────> tokens ────────────────────> authenticated ── its time is over ──> expired
 *       └────── unknown mechanism ──┐     │  ^                          │                                     │
 *                                   v     v  └───── SaslHandshake ──────┴─────────────────────────────────────┘
 *                                   failed                                (KIP-368, where sessions have an end)
 *
 * `open`: the listener asks for nothing, or a certificate has said it. A connection stays so.
 */
type State =
  | { readonly kind: 'open' }
  | { readonly kind: 'handshake' }
  | {
      readonly kind: 'tokens'
      readonly mechanism: string
      readonly exchange: SaslExchange
      /** After a handshake of version 0: tokens come as bare frames. */
      readonly isBare: boolean
      /** Who it was, where this is a re-authentication. */
      readonly before: Principal | null
    }
  | { readonly kind: 'authenticated'; readonly mechanism: string; readonly until: number | null }
  | { readonly kind: 'failed' }

type Phase = State['kind'] | 'expired'

/** Which requests are served when. Kafka closes the connection on all others too. */
const served: Readonly<Record<Phase, (name: ApiName) => boolean>> = {
  open: () => true,
  handshake: (name) => name === 'apiVersions' || name === 'saslHandshake',
  tokens: (name) => name === 'saslAuthenticate',
  authenticated: () => true,
  expired: (name) => name === 'saslHandshake',
  failed: () => false,
}

export type HandshakeOutcome = 'taken' | 'unsupported' | 'illegal'

export type TokenOutcome =
  | { readonly kind: 'answer'; readonly token: Uint8Array; readonly sessionLifetimeMs: number }
  | { readonly kind: 'failed' }
  | { readonly kind: 'illegal' }

interface AuthenticationEvents {
  /** It is clear who it is, for the first time. */
  readonly known: () => void
  /** Why an attempt failed, at once and for the operator alone. */
  readonly failed: (error: MillraceError) => void
  /** The connection is to end when what is in hand is answered. */
  readonly end: () => void
  /** The connection is to end at once. */
  readonly cut: (error: MillraceError) => void
}

/**
 * Who is at the other end of one connection, from nobody to a principal.
 *
 * Invariants
 *   A1  Nothing is served before it is clear who asks: what is not in the table above closes the connection.
 *   A2  `session.principal` changes only from nobody to somebody; who authenticates again must be the same, by the same mechanism.
 *   A3  A failed attempt is answered late, with words that tell nothing, and ends the connection. So does one that takes too long.
 */
export class Authentication {
  /** What is spoken, in Kafka's words. */
  readonly protocol: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'
  private readonly sasl: SaslTerms | null
  private readonly limits: AuthenticationLimits
  private readonly session: Session
  private readonly clock: Clock
  private readonly on: AuthenticationEvents
  private state: State
  private deadline: Timer | null = null

  constructor(parts: {
    readonly sasl: SaslTerms | null
    readonly isSecure: boolean
    readonly limits: AuthenticationLimits
    readonly session: Session
    readonly clock: Clock
    readonly on: AuthenticationEvents
  }) {
    this.sasl = parts.sasl
    const transport = parts.isSecure ? 'SSL' : 'PLAINTEXT'
    this.protocol = parts.sasl === null ? transport : `SASL_${transport}`
    this.limits = parts.limits
    this.session = parts.session
    this.clock = parts.clock
    this.on = parts.on
    this.state = { kind: parts.sasl === null ? 'open' : 'handshake' }
    if (parts.sasl !== null) this.hurry()
  }

  /** Requests are served, and may be begun while others are under way. */
  get isSettled(): boolean {
    return this.state.kind === 'open' || this.state.kind === 'authenticated'
  }

  get hasFailed(): boolean {
    return this.state.kind === 'failed'
  }

  /** The next frame is no request but a token. */
  get awaitsBareToken(): boolean {
    return this.state.kind === 'tokens' && this.state.isBare
  }

  get mechanisms(): readonly string[] {
    return (this.sasl?.mechanisms ?? []).map(({ name }) => name)
  }

  /** Whether a request may be served now (A1). @throws NOT_AUTHENTICATED */
  check(name: ApiName): void {
    if (served[this.phase](name)) return
    throw coreError('NOT_AUTHENTICATED', {
      what: `a request that is not served to a client that is ${this.phase}`,
      received: name,
    })
  }

  private get phase(): Phase {
    const { state } = this
    return state.kind === 'authenticated' && isOver(state.until, this.clock) ? 'expired' : state.kind
  }

  /** The client chooses a mechanism. */
  handshake(name: string, version: number): HandshakeOutcome {
    const { state } = this
    const isAgain = state.kind === 'authenticated' && state.until !== null
    if (this.sasl === null || (state.kind !== 'handshake' && !isAgain)) return 'illegal'
    const mechanism = this.sasl.mechanisms.find((one) => one.name === name)
    if (mechanism === undefined) {
      this.fail(`the mechanism ${quoted(name)} is not offered`)
      this.clock.inBackground(this.limits.failedDelayMs, () => this.on.end())
      return 'unsupported'
    }
    const isOther = state.kind === 'authenticated' && state.mechanism !== name
    this.state = {
      kind: 'tokens',
      mechanism: name,
      exchange: isOther ? refusing(`a session of ${state.mechanism} is to go on with ${name}`) : mechanism.begin(),
      isBare: version === 0,
      before: isAgain ? this.session.principal : null,
    }
    if (isAgain) this.hurry()
    return 'taken'
  }

  /** The client's next token. A failure is told late (A3). */
  async token(token: Uint8Array): Promise<TokenOutcome> {
    const { state } = this
    if (state.kind !== 'tokens') return { kind: 'illegal' }
    const step = await stepOf(state.exchange, token)
    if (step.kind === 'more') return { kind: 'answer', token: step.token, sessionLifetimeMs: 0 }
    if (step.kind === 'done') return this.succeed(step, state.mechanism, state.before)
    return this.refuse(`${state.mechanism}: ${step.reason}`)
  }

  private async succeed(
    { token, principal, lastsMs }: Extract<SaslStep, { kind: 'done' }>,
    mechanism: string,
    before: Principal | null,
  ): Promise<TokenOutcome> {
    if (before !== null && before.name !== principal.name)
      return this.refuse(`a session of ${quoted(before.name)} is to go on as ${quoted(principal.name)}`)
    const sessionLifetimeMs = shortest(lastsMs, this.sasl!.maxReauthMs)
    this.deadline?.cancel()
    this.session.principal = principal
    if (before === null) this.on.known()
    this.state = {
      kind: 'authenticated',
      mechanism,
      until: sessionLifetimeMs === null ? null : this.clock.monotonic() + sessionLifetimeMs,
    }
    return { kind: 'answer', token, sessionLifetimeMs: sessionLifetimeMs ?? 0 }
  }

  private async refuse(reason: string): Promise<TokenOutcome> {
    // At once: while the answer is held back nothing else gets a chance.
    this.fail(reason)
    await new Promise<void>((resolve) => void this.clock.inBackground(this.limits.failedDelayMs, resolve))
    this.on.end()
    return { kind: 'failed' }
  }

  private fail(reason: string): void {
    this.state = { kind: 'failed' }
    this.on.failed(coreError('AUTHENTICATION_FAILED', { what: reason }))
  }

  /** Whoever is too slow is cut off. */
  private hurry(): void {
    this.deadline?.cancel()
    const { authenticationTimeoutMs } = this.limits
    this.deadline = this.clock.inBackground(authenticationTimeoutMs, () =>
      this.on.cut(
        coreError('NOT_AUTHENTICATED', { what: `the client did not authenticate within ${authenticationTimeoutMs} ms` }),
      ),
    )
  }

  /** The connection has ended. */
  close(): void {
    this.deadline?.cancel()
  }
}

function isOver(until: number | null, clock: Clock): boolean {
  return until !== null && clock.monotonic() >= until
}

function shortest(lastsMs: number | null, maxReauthMs: number): number | null {
  const longest = maxReauthMs === 0 ? null : maxReauthMs
  if (lastsMs === null || longest === null) return lastsMs ?? longest
  return Math.min(lastsMs, longest)
}

/** Nothing that a token does to a mechanism gets further than this: it is refused. */
async function stepOf(exchange: SaslExchange, token: Uint8Array): Promise<SaslStep> {
  try {
    return await exchange.step(token)
  } catch (error) {
    return { kind: 'refused', reason: error instanceof Error ? error.message : String(error) }
  }
}

function refusing(reason: string): SaslExchange {
  return { step: () => ({ kind: 'refused', reason }) }
}
