import { parseArgs } from 'node:util'
import { coreError } from '../base/error-catalogue.ts'
import { verifyDirectory } from '../storage/verify-directory.ts'
import { UsageError, type Command } from './command.ts'

/** Reads every batch, index and snapshot of a data directory and says what is damaged. It changes nothing. */
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
    const { findings, partitions, batches, bytes } = await verifyDirectory(world.disk, values.dir)
    if (values.json === true) out(JSON.stringify({ partitions, batches, bytes, findings }))
    else {
      for (const { where, what } of findings) out(`damaged: ${where}: ${what}`)
      out(
        `${partitions} partitions, ${batches} batches, ${bytes} bytes: ${findings.length === 0 ? 'no damage found' : `${findings.length} findings`}`,
      )
    }
    return findings.length === 0 ? 0 : 1
  },
}
