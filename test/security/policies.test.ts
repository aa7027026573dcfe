import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { embeddedLog } from '@millrace/core'
import { apiNames, apiOf, defaultOf, type Fields } from '@millrace/core/testing'

const root = realpathSync(fileURLToPath(new URL('../..', import.meta.url)))

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

function manifestOf(workspace: string): Manifest {
  return JSON.parse(readFileSync(`${root}/${workspace}/package.json`, 'utf8')) as Manifest
}

describe('SEC-33: dependencies', () => {
  test.each([
    ['core', ['lz4-napi', 'snappy'], ['@node-rs/crc32']],
    ['streams', ['@millrace/core', 'classic-level'], []],
    ['connectors', ['@millrace/core'], []],
    ['test', ['@millrace/core', '@millrace/streams'], []],
  ])('of %s at run time are these and no more, each in one version', (workspace, needed, optional) => {
    const { dependencies = {}, optionalDependencies = {} } = manifestOf(workspace)
    expect(Object.keys(dependencies).toSorted()).toEqual(needed)
    expect(Object.keys(optionalDependencies)).toEqual(optional)
    for (const version of Object.values({ ...dependencies, ...optionalDependencies })) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
  })

  test('are locked with their hashes, and run nothing when they are installed but what is named and refused', () => {
    const { packages } = JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8')) as {
      readonly packages: Readonly<Record<string, { integrity?: string; link?: boolean; hasInstallScript?: boolean }>>
    }
    const installed = Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && link !== true)
    expect(installed.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path)).toEqual([])
    const scripts = installed.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path)
    expect(scripts).toEqual(['node_modules/classic-level'])
    expect(readFileSync(`${root}/.npmrc`, 'utf8')).toContain('strict-allow-scripts=true')
    const { allowScripts } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { readonly allowScripts: object }
    expect(allowScripts).toEqual({ 'classic-level': false })
  })
})

const sources = globSync('{core,streams,connectors}/src/**/*.ts', { cwd: root })
  .filter((path) => !/\.(test|bench|fixtures)\.ts$/.test(path))
  .map((path) => ({ path, text: readFileSync(`${root}/${path}`, 'utf8') }))

test.each<[string, RegExp]>([
  ['evaluates a text', /\beval\(|\bnew Function\(|from 'node:vm'|from 'vm'/],
  ['starts a process', /child_process|from 'node:cluster'|from 'node:worker_threads'/],
  ['requires what it has not named itself', /\brequire\((?!import\.meta|['"])|createRequire\([^)]*\)\((?!')/],
])('SEC-30: no source %s', (_what, pattern) => {
  expect(sources.length).toBeGreaterThan(300)
  expect(sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path)).toEqual([])
})

test('SEC-30: what is imported while running is named in the source; the doors of the command are a list', () => {
  const dynamic = sources.filter(({ text }) => /\bimport\((?!\s*['"])/.test(text)).map(({ path }) => path)
  expect(dynamic).toEqual(['core/src/cli/run.ts'])
})

test('SEC-25: labels of metrics take their values from closed lists', () => {
  const catalogue = readFileSync(`${root}/core/src/base/metric-catalogue.ts`, 'utf8')
  expect(catalogue).toContain('readonly labels?: Readonly<Record<string, readonly string[]>>')
})

function frozenThrough(fields: Fields): void {
  for (const field of Object.values(fields)) {
    const value = defaultOf(field)
    if (Array.isArray(value)) expect(Object.isFrozen(value)).toBe(true)
    if (field.type !== 'struct' && !(field.type === 'array' && typeof field.of !== 'string')) continue
    frozenThrough(field.of as Fields)
  }
}

describe('SEC-32: what is shared', () => {
  test('among messages is frozen', () => {
    for (const name of apiNames) for (const kind of ['request', 'response'] as const) frozenThrough(apiOf(name)[kind])
  })

  test('between a program and its log is copied: changing it later changes nothing', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'millrace-border-'))
    {
      await using log = await embeddedLog({ dir, durability: 'os' })
      const config = { 'retention.ms': '1000' }
      await log.admin.createTopics([{ topic: 't', partitions: 1, config }])
      const retention = async (): Promise<unknown> =>
        (await log.admin.describeTopicConfig('t')).find(({ name }) => name === 'retention.ms')?.value
      expect(await retention()).toBe('1000')
      config['retention.ms'] = '5'
      const given = await log.admin.describeTopicConfig('t')
      for (const entry of given) Reflect.set(entry, 'value', '5')
      expect(await retention()).toBe('1000')
    }
    rmSync(dir, { recursive: true })
  })
})

test('SEC-34: the log and its server need nothing of the machine but what comes through their ports', { timeout: 60_000 }, () => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-permission-')))
  const program = fileURLToPath(new URL('permitted-log.ts', import.meta.url))
  const permissions = ['--permission', `--allow-fs-read=${root}/*`, '--allow-addons']
  const run = spawnSync(process.execPath, [...permissions, '--conditions=@millrace/source', program, dir], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: '' },
  })
  const refused = ['ERR_ACCESS_DENIED', 'ERR_ACCESS_DENIED', 'ERR_ACCESS_DENIED', 'DATA_DIRECTORY_UNREADABLE']
  const lines = ['answered 7', 'kept', ...refused.map((code) => `refused: ${code}`)]
  expect({ code: run.status, lines: run.stdout.trim().split('\n') }, run.stderr).toEqual({ code: 0, lines })
  rmSync(dir, { recursive: true })
})

test('SEC-42: the simulation and the network in memory are behind the door for tests alone', () => {
  const importing = (pattern: RegExp): string[] =>
    sources.filter(({ path, text }) => path.startsWith('core/') && pattern.test(text)).map(({ path }) => path)
  const outside = importing(/from '\.{1,2}\/(.*\/)?simulation\//).filter((path) => !path.startsWith('core/src/simulation/'))
  expect(outside.toSorted()).toEqual(['core/src/open/serve-in-memory.ts', 'core/src/testing.ts'])
  expect(importing(/from '.*\/(serve-in-memory|simulated-log)\.ts'/)).toEqual(['core/src/testing.ts'])
})
