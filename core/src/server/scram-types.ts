import type { ScramUsers } from '../broker/scram-users.ts'

type Mechanism = Parameters<ScramUsers['credential']>[1]

/** How the wire numbers the mechanisms (KIP-554). */
export const scramTypes: Readonly<Record<Mechanism, number>> = { 'SCRAM-SHA-256': 1, 'SCRAM-SHA-512': 2 }

export function scramMechanismOf(type: number): Mechanism | undefined {
  return (Object.keys(scramTypes) as Mechanism[]).find((name) => scramTypes[name] === type)
}
