import { coreError } from '../base/error-catalogue.ts'
import type { Disk } from '../base/disk.ts'

/** The text of a file that the command line names. @throws NOT_A_FILE */
export function readText(disk: Disk, path: string): string {
  if (disk.stat(path)?.kind !== 'file') throw coreError('NOT_A_FILE', { what: 'there is no such file', where: path })
  return Buffer.from(disk.readFile(path)).toString('utf8')
}
