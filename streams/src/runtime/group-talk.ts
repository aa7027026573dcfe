/**
 * What instances of an application tell each other when their group shares out the tasks, in the user data of Kafka's
 * ConsumerProtocol: JSON with a version, so that it can be read beside the group.
 *
 *   member → leader    { v: 1, instance, server, held: [task] }
 *   leader → member    { v: 1, standby: [task], instances: [{ instance, server, active: [task], standby: [task] }] }
 */
export interface InstanceClaim {
  /** Names the instance over its restarts. */
  readonly instance: string
  /** Where others reach it, as the user says; null: nowhere. */
  readonly server: string | null
  /** Tasks whose stores it has. */
  readonly held: readonly string[]
}

export interface InstanceTasks {
  readonly instance: string
  readonly server: string | null
  readonly active: readonly string[]
  readonly standby: readonly string[]
}

export interface LeadersWord {
  /** Of the member that hears it. */
  readonly standby: readonly string[]
  /** All of them, also the one that hears it. */
  readonly instances: readonly InstanceTasks[]
}

const version = 1

export function writeClaim(claim: InstanceClaim): Uint8Array {
  return Buffer.from(JSON.stringify({ v: version, ...claim }))
}

/** Null: somebody else's, or of another version. */
export function readClaim(bytes: Uint8Array | null): InstanceClaim | null {
  const { instance, server, held } = parsed(bytes) as Partial<InstanceClaim>
  return typeof instance === 'string' && isList(held) ? { instance, server: textOrNull(server), held } : null
}

export function writeLeadersWord(word: LeadersWord): Uint8Array {
  return Buffer.from(JSON.stringify({ v: version, ...word }))
}

/** Nothing: nobody's, or of another version. */
export function readLeadersWord(bytes: Uint8Array | null): LeadersWord {
  const { standby, instances } = parsed(bytes) as Partial<LeadersWord>
  return isList(standby) && Array.isArray(instances) ? { standby, instances: instances.map(instanceOf) } : silence
}

const silence: LeadersWord = { standby: [], instances: [] }

function parsed(bytes: Uint8Array | null): object {
  try {
    const value = JSON.parse(Buffer.from(bytes ?? []).toString('utf8')) as { readonly v?: unknown } | null
    return value?.v === version ? value : {}
  } catch {
    return {}
  }
}

function instanceOf({ instance, server, active, standby }: Partial<InstanceTasks>): InstanceTasks {
  return {
    instance: String(instance),
    server: textOrNull(server),
    active: isList(active) ? active : [],
    standby: isList(standby) ? standby : [],
  }
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
