import type { NetPlace } from '../base/net.ts'
import { embeddedLog } from '../open/embedded-log.ts'
import { serveLog, type AuthorizationOptions } from '../open/serve-log.ts'
import type { AuditEvent } from '../server/audit-trail.ts'
import { AuditLog, auditLine } from './audit-log.ts'
import { brokerConfig, type BrokerConfig } from './broker-config.ts'
import type { CommandContext, ExitCode } from './command.ts'
import { listenerSecurity } from './listener-security.ts'
import { listenersOf } from './listeners.ts'
import { onOneLine } from './on-one-line.ts'
import { readText } from './read-text.ts'

interface BrokerValues {
  readonly dir: string
  readonly listen: readonly string[]
  readonly config: string | undefined
  readonly insecure: boolean
}

/** @throws what `embeddedLog` and `serveLog` throw: DATA_DIRECTORY_LOCKED says who holds it */
export async function runBroker(
  { dir, listen, config: file, insecure }: BrokerValues,
  context: CommandContext,
): Promise<ExitCode> {
  const { world, out, err } = context
  const config = file === undefined ? brokerConfig('') : brokerConfig(readText(world.disk, file), file)
  const onError = (error: unknown, remote?: NetPlace): void => err(failure(error, remote))
  const listeners = listenersOf(listen, config).map(({ name, protocol, place }) => {
    return { ...place, ...listenerSecurity(name, protocol, { config, world, onError }) }
  })
  if (insecure)
    err('millrace broker: --insecure: whoever reaches a listener without authentication may read and change everything')
  // Before anything is open, so that a signal never finds it half way.
  const stop = context.stop()
  const log = await embeddedLog({ dir, world, ...logOptions(config) })
  let audit: Audit | null = null
  try {
    audit = auditOf(config, context)
    const { fetchSessionSlots } = config
    const served = await serveLog(log, {
      listeners,
      limits: config.limits,
      allowInsecure: insecure,
      fetchSessionSlots,
      authorization: authorizationOf(config),
      onAudit: audit?.tell ?? null,
      onError,
    })
    out(`millrace broker: ready at ${served.places.map(({ host, port }) => `${host}:${port}`).join(', ')}, data in ${dir}`)
    await aborted(stop)
    await served.close()
  } finally {
    await audit?.close()
    await log.close()
  }
  return 0
}

function logOptions({
  durability,
  maintenance,
  logLimits,
  autoCreate,
  partitions,
  topicConfig,
  consumerGroups,
}: BrokerConfig): LogOptions {
  return {
    durability,
    maintenance,
    limits: logLimits,
    consumerGroups,
    autoCreateTopics: autoCreate && { partitions, config: topicConfig },
  }
}

function authorizationOf({ authorizer, superUsers, allowIfNoRule }: BrokerConfig): AuthorizationOptions | null {
  return authorizer ? { superUsers, allowIfNoRule } : null
}

interface Audit {
  readonly tell: (event: AuditEvent) => void
  readonly close: () => Promise<void>
}

/** Null: it is told nowhere. @throws DiskError */
function auditOf({ auditLog, authorizer }: BrokerConfig, { world, err }: CommandContext): Audit | null {
  const place = auditLog === '' && authorizer ? 'stderr' : auditLog
  if (place === '' || place === 'off') return null
  if (place === 'stderr') return { tell: (event) => err(auditLine(event)), close: () => Promise.resolve() }
  const file = new AuditLog(world.disk, place, (error) =>
    err(`audit.log: ${error instanceof Error ? error.message : String(error)}`),
  )
  return { tell: (event) => file.write(event), close: () => file.close() }
}

type LogOptions = Omit<Parameters<typeof embeddedLog>[0], 'dir' | 'world'>

function failure(error: unknown, remote?: NetPlace): string {
  const what = error instanceof Error ? error.message : String(error)
  const isOfNobody = remote === undefined || remote.host === ''
  return onOneLine(isOfNobody ? `millrace broker: ${what}` : `connection of ${remote.host}:${remote.port}: ${what}`)
}

function aborted(signal: AbortSignal): Promise<unknown> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}
