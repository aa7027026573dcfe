import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Does the work in a new folder, which is removed behind it. */
export async function inTemporaryFolder<R>(work: (folder: string) => Promise<R>): Promise<R> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-example-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}
