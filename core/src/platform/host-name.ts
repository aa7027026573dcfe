import { hostname } from 'node:os'

/** How this machine is called on its network. */
export function hostName(): string {
  return hostname()
}
