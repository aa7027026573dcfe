import { posix } from 'node:path'
import { importsOf, parse } from './imports.ts'
import { digests, hosts, house, outside, packages, pureModules, testPackages, type Room } from './rooms.ts'

export interface SourceText {
  /** From the root of the repository, with `/`. */
  readonly path: string
  readonly text: string
}

/** Where a file stands: its workspace, and its room when it is in one. */
interface Place {
  readonly wing: string
  readonly room: string | undefined
  readonly door: boolean
  readonly test: boolean
}

/** Which doors each workspace has: `''` for the front door, `testing` for `./testing`. */
export type Doors = Readonly<Record<string, readonly string[]>>

const testFile = /\.(test|bench|fixtures)\.ts$/

/** Every import that goes through a wall, as a sentence: file, line, the wall, what is allowed. */
export function breaches(files: readonly SourceText[], doors: Doors): string[] {
  return files.flatMap(({ path, text }) => {
    const from = placeOf(path)
    if (house[from.wing] === undefined && outside[from.wing] === undefined) return []
    if (from.room !== undefined && roomOf(from) === undefined) {
      return [`${path}: ${from.wing} has no room "${from.room}"; the rooms stand in test/architecture/rooms.ts`]
    }
    return importsOf(parse(path, text)).flatMap(({ line, specifier }) => {
      const reason = specifier === undefined ? hiddenImport(path) : refusal(path, from, specifier, doors)
      return reason === undefined ? [] : [`${path}:${line}: ${reason}`]
    })
  })
}

function placeOf(path: string): Place {
  const [wing = '', src, first, second, ...deeper] = path.split('/')
  const test = testFile.test(path)
  if (house[wing] === undefined || src !== 'src') return { wing, room: undefined, door: false, test }
  if (second === undefined) return { wing, room: undefined, door: true, test }
  const room = house[wing].rooms[first ?? '']?.divided && deeper.length > 0 ? `${first}/${second}` : first
  return { wing, room, door: false, test }
}

function roomOf({ wing, room }: Place): Room | undefined {
  return house[wing]?.rooms[room?.split('/')[0] ?? '']
}

function hiddenImport(path: string): string | undefined {
  const allowed = house[path.split('/')[0] ?? ''] === undefined || path.startsWith('core/src/cli/')
  return allowed ? undefined : 'wall "imports are visible": import() takes a string literal here, only core/src/cli loads by name'
}

function refusal(path: string, from: Place, specifier: string, doors: Doors): string | undefined {
  if (specifier.startsWith('.')) return refusedNeighbour(path, from, specifier)
  if (specifier.startsWith('node:')) return refusedModule(path, from, specifier)
  if (specifier.startsWith('@millrace/')) return refusedWing(path, from, specifier, doors)
  return refusedPackage(path, from, specifier)
}

/** A relative import: into another room, or out of the workspace. */
function refusedNeighbour(path: string, from: Place, specifier: string): string | undefined {
  const target = posix.join(posix.dirname(path), specifier)
  const to = placeOf(target)
  if (to.wing !== from.wing) return `wall "${from.wing}": other workspaces only through their doors (@millrace/…), not ${target}`
  if (to.test && !from.test && house[from.wing] !== undefined) return `wall "tests": only tests import ${target}`
  if (from.room === undefined || from.room === to.room) {
    if (from.door && to.room !== undefined && isBarrel(target)) return barrel(target)
    return undefined
  }
  if (to.door) return `wall "${from.wing}/${from.room}": a door leads out, rooms do not import ${target}`
  if (isBarrel(target)) return barrel(target)
  const allowed = roomOf(from)?.imports ?? []
  if (allowed === 'any' || to.room === undefined || allowed.includes(to.room)) return undefined
  const forTests = house[from.wing]?.forTests
  if (from.test && to.room === forTests) return undefined
  return `wall "${from.wing}/${from.room}": may import ${list(allowed)}, not ${to.room} (${target})`
}

function isBarrel(target: string): boolean {
  return posix.basename(target) === 'index.ts'
}

function barrel(target: string): string {
  return `wall "no barrels": import the file that has it, not ${target}`
}

/** A module of Node's: core and streams touch the machine in one place only. */
function refusedModule(path: string, from: Place, specifier: string): string | undefined {
  const guarded = (from.wing === 'core' || from.wing === 'streams') && path.startsWith(`${from.wing}/src/`) && !from.test
  if (!guarded || hosts.some((host) => path.startsWith(host))) return undefined
  const module = specifier.slice('node:'.length).split('/')[0] ?? ''
  if (pureModules.includes(module) || (module === 'crypto' && digests.includes(path))) return undefined
  return `wall "the machine": only ${list(hosts)} may import ${specifier}; elsewhere ${list(pureModules)}, or a port`
}

/** Another workspace: is it allowed, and is it a door. */
function refusedWing(path: string, from: Place, specifier: string, doors: Doors): string | undefined {
  const [, wing = '', ...rest] = specifier.split('/')
  const door = rest.join('/')
  const allowed = house[from.wing]?.wings ?? outside[path.startsWith('test/src/') ? 'test/src' : from.wing] ?? []
  if (!allowed.includes(wing))
    return `wall "${from.wing}": may import ${list(allowed.map((name) => `@millrace/${name}`))}, not ${specifier}`
  if (!doors[wing]?.includes(door)) return `wall "doors": @millrace/${wing} has no door ./${door}`
  const forTests =
    from.test || house[from.wing] === undefined || from.room === house[from.wing]?.forTests || path.endsWith('/src/testing.ts')
  if (door === 'testing' && !forTests) return `wall "tests": only tests and rooms for tests import ${specifier}`
  return undefined
}

function refusedPackage(path: string, from: Place, specifier: string): string | undefined {
  const parts = specifier.split('/')
  const name = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
  if (testPackages.includes(name) && (from.test || (from.wing === 'test' && !path.startsWith('test/src/')))) return undefined
  const places = packages[name] ?? []
  if (places.some((place) => path.startsWith(place))) return undefined
  return `wall "${name}": ${places.length === 0 ? 'is in no list of test/architecture/rooms.ts' : `only in ${list(places)}`}`
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.join(', ')
}
