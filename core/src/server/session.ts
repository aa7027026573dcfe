import type { Principal } from '../base/principal.ts'

/** Who is at the other end of one connection. It changes when a client authenticates, and when it does so again (KIP-368). */
export interface Session {
  principal: Principal
}
