import type { Principal } from '../../base/principal.ts'

/** A way to prove who one is. */
export interface SaslMechanism {
  /** As clients name it: SCRAM-SHA-256. */
  readonly name: string
  begin(): SaslExchange
}

/** One attempt of one client. */
export interface SaslExchange {
  /** What the client's next token leads to. What is thrown counts as refused. */
  step(token: Uint8Array): SaslStep | Promise<SaslStep>
}

export type SaslStep =
  /** The client is to answer this. */
  | { readonly kind: 'more'; readonly token: Uint8Array }
  | {
      readonly kind: 'done'
      readonly token: Uint8Array
      readonly principal: Principal
      /** How long what was shown is good for, in milliseconds; null: for ever. */
      readonly lastsMs: number | null
    }
  /** Why, for the operator: the client is never told. */
  | { readonly kind: 'refused'; readonly reason: string }

export const noToken: Uint8Array = new Uint8Array()

export function refused(reason: string): SaslStep {
  return { kind: 'refused', reason }
}

/** The client's text, for a message: what it holds cannot break out of its line. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}
