import type { Clock } from '../base/clock.ts'
import type { Operation } from '../base/access-rule.ts'
import { anonymous, principalText } from '../base/principal.ts'

/** Something that was changed over the wire, or refused. Names come from clients: they are cut, and whoever prints them has to escape them. */
export interface AuditEvent {
  /** Milliseconds since 1970. */
  readonly at: number
  /** `User:alice`. */
  readonly principal: string
  readonly host: string
  readonly clientId: string
  /** The API's name, `createTopics`; empty where it was a certificate that nobody knows. */
  readonly api: string
  readonly resourceType: string
  readonly resourceName: string
  /** `refused`: no access rule allowed it, or somebody was not who they said. `failed`: it was allowed, and something else was wrong. */
  readonly outcome: 'done' | 'failed' | 'refused'
  /** What no rule allowed; otherwise null. */
  readonly operation: Operation | null
  /** Which settings, which rule; why somebody is not known; the name of the error where it failed. Never a value of a setting, never a secret. */
  readonly detail: string
  /** A refusal that comes again and again is told once, and then how often it came. */
  readonly times: number
}

/** Who sent a request. */
export interface AuditSource {
  readonly principal: string
  readonly host: string
  readonly clientId: string
  readonly api: string
}

/** What is said of one thing. */
export interface AuditedThing {
  readonly resourceType: string
  readonly resourceName: string
  readonly detail: string
}

interface Repeated {
  readonly event: AuditEvent
  again: number
}

const windowMs = 60_000
const mostRefusals = 1_000
const longestName = 250

/**
 * What is told of what clients change, and of what they are refused.
 *
 * Invariants
 *   AT1  Every change is told. Of refusals each one is told once a minute, and at most 1,000 different ones: a client that tries for ever
 *        fills neither the memory nor a disk.
 *   AT2  Whoever listens and throws keeps nothing from being answered.
 */
export class AuditTrail {
  private readonly clock: Clock
  private readonly tell: (event: AuditEvent) => void
  private readonly refusals = new Map<string, Repeated>()
  private windowEnds = 0
  private untold = 0

  constructor(clock: Clock, tell: (event: AuditEvent) => void) {
    this.clock = clock
    this.tell = tell
  }

  changed(source: AuditSource, outcome: 'done' | 'failed', thing: AuditedThing): void {
    this.send(this.eventOf(source, outcome, null, thing))
  }

  refused(source: AuditSource, operation: Operation, resourceType: string, resourceName: string): void {
    this.refusal(this.eventOf(source, 'refused', operation, { resourceType, resourceName, detail: '' }))
  }

  /** Somebody who wanted to be let in. */
  unknown(api: 'saslAuthenticate' | '', host: string, reason: string): void {
    const source = { principal: principalText(anonymous), host, clientId: '', api }
    this.refusal(this.eventOf(source, 'refused', null, { resourceType: 'user', resourceName: '', detail: reason }))
  }

  private refusal(event: AuditEvent): void {
    if (this.clock.monotonic() >= this.windowEnds) this.beginWindow()
    const { principal, host, api, operation, resourceType, resourceName, detail } = event
    const key = JSON.stringify([principal, host, api, operation, resourceType, resourceName, detail])
    const known = this.refusals.get(key)
    if (known !== undefined) known.again++
    else if (this.refusals.size < mostRefusals) {
      this.refusals.set(key, { event, again: 0 })
      this.send(event)
    } else this.untold++
  }

  /** Tells what has come again since it was told. */
  flush(): void {
    for (const { event, again } of this.refusals.values())
      if (again > 0) this.send({ ...event, at: this.clock.now(), times: again })
    if (this.untold > 0) this.send(this.others())
    this.refusals.clear()
    this.untold = 0
  }

  private beginWindow(): void {
    this.flush()
    this.windowEnds = this.clock.monotonic() + windowMs
  }

  private others(): AuditEvent {
    const nobody: AuditSource = { principal: '', host: '', clientId: '', api: '' }
    const thing = { resourceType: '', resourceName: '', detail: 'other refusals, of which there were too many to tell each' }
    return { ...this.eventOf(nobody, 'refused', null, thing), times: this.untold }
  }

  private eventOf(
    { principal, host, clientId, api }: AuditSource,
    outcome: AuditEvent['outcome'],
    operation: Operation | null,
    { resourceType, resourceName, detail }: AuditedThing,
  ): AuditEvent {
    return {
      at: this.clock.now(),
      principal: cut(principal),
      host,
      clientId: cut(clientId),
      api,
      resourceType,
      resourceName: cut(resourceName),
      outcome,
      operation,
      detail: cut(detail),
      times: 1,
    }
  }

  private send(event: AuditEvent): void {
    try {
      this.tell(event)
    } catch {
      // AT2: whoever listens has to look after itself.
    }
  }
}

function cut(text: string): string {
  return text.length > longestName ? `${text.slice(0, longestName)}…` : text
}
