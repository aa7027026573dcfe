import { parseArgs } from 'node:util'
import { coreError } from '../base/error-catalogue.ts'
import { ProducerStates } from '../log/producer-states.ts'
import { verifyDirectory, type Finding } from '../storage/verify-directory.ts'
import { UsageError, type Command } from './command.ts'

/** Reads everything in a data directory that nobody has open and says what is damaged. It changes nothing. Exit code 1: it found something. */
export const verify: Command = {
  name: 'verify',
  about: 'read everything in a data directory and report what is damaged',
  usage: 'millrace verify --dir DIR [--json]',
  async run(args, { world, out }) {
    const { values } = parseArgs({ args: [...args], options: { dir: { type: 'string' }, json: { type: 'boolean' } } })
    if (values.dir === undefined) throw new UsageError('--dir is missing')
    if (world.disk.stat(values.dir)?.kind !== 'folder') {
      throw coreError('DATA_DIRECTORY_MISSING', { what: 'there is no such directory', where: values.dir })
    }
    const result = await verifyDirectory(world.disk, values.dir, { newProducers: () => new ProducerStates() })
    const { findings, partitions, batches, records, bytes } = result
    if (values.json === true) out(JSON.stringify({ partitions, batches, records, bytes, findings }))
    else {
      for (const finding of findings) out(lineOf(finding))
      const verdict = findings.length === 0 ? 'no damage found' : `${findings.length} findings`
      out(`${partitions} partitions, ${batches} batches, ${records} records, ${bytes} bytes: ${verdict}`)
    }
    return findings.length === 0 ? 0 : 1
  },
}

function lineOf({ where, offset, what, heals }: Finding): string {
  const place = offset === null ? where : `${where} at offset ${offset}`
  return `${heals ? 'spoilt, made again at the next open' : 'damaged'}: ${place}: ${what}`
}
