import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)

/** The first TypeScript block of a README, as a newcomer copies it. */
async function sample(page: string): Promise<string> {
  const readme = await readFile(join(root, page), 'utf8')
  return /```ts\n([\s\S]*?)```/.exec(readme)![1]!
}

test.each([
  ['README.md', "'c0' => 50"],
  ['streams/README.md', '100 payments rated'],
])('the sample of %s runs and prints what it says', { timeout: 60_000 }, async (page, printed) => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-readme-'))
  try {
    await symlink(join(root, 'node_modules'), join(directory, 'node_modules'))
    const args = ['--conditions=@millrace/source', '--input-type=module-typescript', '--eval', await sample(page)]
    const { stdout } = await run(process.execPath, args, { cwd: directory })
    expect(stdout).toContain(printed)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
