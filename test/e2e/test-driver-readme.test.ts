import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const workspace = fileURLToPath(new URL('../', import.meta.url))

test('the sample of the test driver runs and prints what it says', { timeout: 60_000 }, async () => {
  const readme = await readFile(`${workspace}README.md`, 'utf8')
  const sample = /```ts\n([\s\S]*?)```/.exec(readme)![1]!
  const args = ['--conditions=@millrace/source', '--input-type=module-typescript', '--eval', sample]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: workspace })
  expect(stdout).toContain("[ 'a 1 5', 'a 2 6' ]")
})
