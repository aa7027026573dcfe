import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { house } from './rooms.ts'
import type { Doors, SourceText } from './walls.ts'

export const root: string = resolve(import.meta.dirname, '../..')

export function read(path: string): string {
  return readFileSync(resolve(root, path), 'utf8')
}

/** The sources of all workspaces, and beside them the scripts and configuration of the root. */
export function sources(): SourceText[] {
  const patterns = ['{core,streams,connectors,test,examples,scripts,.ci}/**/*.{ts,mts,js,mjs}', '*.ts']
  return globSync(patterns, { cwd: root, exclude: ['**/node_modules/**', '**/dist/**'] })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => ({ path, text: read(path) }))
}

/** The doors of every published workspace, from its package.json. */
export function doors(): Doors {
  const published = [...Object.keys(house), 'test']
  return Object.fromEntries(
    published.map((name) => {
      const { exports } = JSON.parse(read(`${name}/package.json`)) as { exports: Record<string, unknown> }
      return [name, Object.keys(exports).map((door) => door.replace(/^\.\/?/, ''))]
    }),
  )
}
