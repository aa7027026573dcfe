import { describe, expect, test } from 'vitest'
import { simWorld } from '../simulation/sim-world.ts'
import { ConnectionGate, type GateLimits } from './connection-gate.ts'

const usual: GateLimits = { maxConnections: 3, maxConnectionsPerIp: 2, maxConnectionsByIp: {}, maxConnectionsPerSecond: 1_000 }

function gate(limits: Partial<GateLimits>): { gate: ConnectionGate; world: ReturnType<typeof simWorld> } {
  const world = simWorld({ seed: 1 })
  return { gate: new ConnectionGate({ ...usual, ...limits }, world.clock), world }
}

const from = (host: string): { host: string; port: number } => ({ host, port: 1 })

describe('SEC-20: connections', () => {
  test('at most so many, and so many of one address, until one ends', () => {
    const { gate: own } = gate({})
    const first = own.admit(from('10.0.0.1'))!
    expect(own.admit(from('::ffff:10.0.0.1'))).not.toBeNull()
    expect(own.admit(from('10.0.0.1'))).toBeNull()
    expect(own.admit(from('10.0.0.2'))).not.toBeNull()
    expect(own.admit(from('10.0.0.3'))).toBeNull()
    first()
    expect(own.admit(from('10.0.0.1'))).not.toBeNull()
  })

  test('particular addresses have a limit of their own, also none at all', () => {
    const { gate: own } = gate({ maxConnectionsByIp: { '10.0.0.1': 3, '10.0.0.2': 0 } })
    expect(own.admit(from('10.0.0.2'))).toBeNull()
    for (let round = 0; round < 3; round++) expect(own.admit(from('10.0.0.1'))).not.toBeNull()
  })

  test('only so many a second', async () => {
    const { gate: own, world } = gate({ maxConnections: 100, maxConnectionsPerIp: 100, maxConnectionsPerSecond: 2 })
    const admitted = (): boolean => own.admit(from('10.0.0.1')) !== null
    expect([admitted(), admitted(), admitted()]).toEqual([true, true, false])
    await world.run(() => new Promise<void>((resolve) => void world.clock.after(500, resolve)))
    expect([admitted(), admitted()]).toEqual([true, false])
  })
})
