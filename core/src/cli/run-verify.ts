import { coreError } from '../base/error-catalogue.ts'
import { ProducerStates } from '../log/producer-states.ts'
import { verifyDirectory, type Finding } from '../storage/verify-directory.ts'
import type { CommandContext, ExitCode } from './command.ts'

interface VerifyOptions {
  readonly dir: string
  readonly json: boolean
}

/** @throws DATA_DIRECTORY_MISSING */
export async function runVerify(
  { dir, json }: VerifyOptions,
  { world, out }: Pick<CommandContext, 'world' | 'out'>,
): Promise<ExitCode> {
  if (world.disk.stat(dir)?.kind !== 'folder') {
    throw coreError('DATA_DIRECTORY_MISSING', { what: 'there is no such directory', where: dir })
  }
  const result = await verifyDirectory(world.disk, dir, { newProducers: () => new ProducerStates() })
  const { findings, partitions, batches, records, bytes } = result
  if (json) out(JSON.stringify({ partitions, batches, records, bytes, findings }))
  else {
    for (const finding of findings) out(lineOf(finding))
    const verdict = findings.length === 0 ? 'no damage found' : `${findings.length} findings`
    out(`${partitions} partitions, ${batches} batches, ${records} records, ${bytes} bytes: ${verdict}`)
  }
  return findings.length === 0 ? 0 : 1
}

function lineOf({ where, offset, what, heals }: Finding): string {
  const place = offset === null ? where : `${where} at offset ${offset}`
  return `${heals ? 'spoilt, made again at the next open' : 'damaged'}: ${place}: ${what}`
}
