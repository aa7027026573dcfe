/**
 * Runs the examples of pages as a user's program: each in a file of its own in a folder outside of the repository, checked by one run of the
 * compiler, then all in one process of Node. The lines of a file are those of its page, so that messages name them.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DocExample } from './doc-examples.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const world = fileURLToPath(new URL('./doc-world.ts', import.meta.url))

/** By module: what an example has without an import. */
const given: Readonly<Record<string, readonly string[]>> = {
  '@millrace/core': ['bytes', 'embeddedLog', 'float64', 'int32', 'int64', 'json', 'nullable', 'prometheusText', 'string'],
  '@millrace/streams': [
    'StreamsApp',
    'StreamsBuilder',
    'calendar',
    'days',
    'hopping',
    'hours',
    'keyValueStore',
    'millis',
    'minutes',
    'otherwise',
    'seconds',
    'session',
    'sessionStore',
    'sliding',
    'streamMetricGroups',
    'suppress',
    'tumbling',
    'unlimited',
    'versionedStore',
    'windowStore',
    'windowed',
    'type FixedKeyContext',
    'type ProcessorContext',
    'type Windowed',
  ],
  '@millrace/test': ['TopologyTestDriver'],
  [world]: ['DocWorld', 'numbers', 'texts'],
}

const imports = Object.entries(given).map(([module, names]) => `import { ${names.join(', ')} } from '${module}'`)
const around =
  'export const world = new DocWorld(); const { builder, show, pipe, print, endOfInput, advanceWallClock, settle } = world'

/** What an example printed, or why it did not end. */
type DocOutcome = { readonly printed: string } | { readonly error: string }

export interface DocRun {
  /** Of the compiler; empty: nothing is wrong. */
  readonly typeErrors: string
  /** By name of the example. */
  readonly outcomes: Readonly<Record<string, DocOutcome>>
}

/** `examples`: by a name that may stand in a file's. */
export async function runExamples(examples: ReadonlyMap<string, DocExample>): Promise<DocRun> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-docs-'))
  try {
    await writeProgram(directory, examples)
    const [typeErrors, ran] = await Promise.all([
      outputOf(directory, [join(root, 'node_modules/typescript/bin/tsc'), '-p', directory]),
      outputOf(directory, ['--conditions=@millrace/source', 'main.ts']),
    ])
    const outcomes = await readFile(join(directory, 'outcomes.json'), 'utf8').catch(() => {
      throw new Error(`the examples did not run: ${ran}`)
    })
    return { typeErrors, outcomes: JSON.parse(outcomes) as DocRun['outcomes'] }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function writeProgram(directory: string, examples: ReadonlyMap<string, DocExample>): Promise<void> {
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'))
  await mkdir(join(directory, 'data'))
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }')
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(settings))
  await writeFile(join(directory, 'main.ts'), main([...examples.keys()]))
  for (const [name, { code, line }] of examples) {
    await writeFile(join(directory, `${name}.ts`), `${imports.join('; ')}; ${around}${'\n'.repeat(line - 1)}${code}`)
  }
}

/** Unused names are what an example finds around it; an absolute import of a source needs its suffix. */
const settings = {
  extends: join(root, 'tsconfig.base.json'),
  compilerOptions: {
    rootDir: '/',
    noEmit: true,
    composite: false,
    declaration: false,
    isolatedDeclarations: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
  },
  include: ['*.ts'],
}

/** One example after the other; one that fails does not keep the others from running. */
function main(names: readonly string[]): string {
  return `import { writeFileSync } from 'node:fs'
const outcomes: Record<string, unknown> = {}
for (const name of ${JSON.stringify(names)}) {
  try {
    const { world } = (await import(\`./\${name}.ts\`)) as { readonly world: { end(): string } }
    outcomes[name] = { printed: world.end() }
  } catch (cause) {
    outcomes[name] = { error: String(cause instanceof Error ? cause.stack : cause) }
  }
}
writeFileSync('outcomes.json', JSON.stringify(outcomes))
`
}

function outputOf(directory: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: directory }, (failed, stdout, stderr) => {
      resolve(failed === null ? '' : stdout + stderr)
    })
  })
}
