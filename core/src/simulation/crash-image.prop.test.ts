import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crashModes, type CrashMode, type DiskImage, type Survival } from './crash-image.ts'
import { SimRandom } from './sim-random.ts'
import { simWorld, type SimWorld } from './sim-world.ts'

const fileSizeAtMost = 3000
const anyChange = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      position: fc.nat(fileSizeAtMost),
      length: fc.integer({ min: 1, max: 1500 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('truncate' as const), size: fc.nat(fileSizeAtMost) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sync' as const) }) },
)
type Change = typeof anyChange extends fc.Arbitrary<infer T> ? T : never
const anySeed = fc.integer()
const anyMode = fc.constantFrom(...crashModes)

/** What the test itself knows of a file: its bytes, and which of them a crash may not touch. */
interface Twin {
  bytes: Uint8Array
  certain: boolean[]
}

async function perform(world: SimWorld, changes: readonly Change[]): Promise<Twin> {
  const twin: Twin = { bytes: new Uint8Array(0), certain: [] }
  await world.run(async () => {
    const file = world.disk.create('/file')
    world.disk.syncFolder('/')
    for (const [index, change] of changes.entries()) {
      if (change.kind === 'write') await file.write([new Uint8Array(change.length).fill(index + 1)], change.position)
      else if (change.kind === 'truncate') world.disk.truncate('/file', change.size)
      else await file.dataSync()
      follow(twin, change, index + 1)
    }
  })
  return twin
}

function follow(twin: Twin, change: Change, mark: number): void {
  if (change.kind === 'sync') twin.certain = Array.from(twin.bytes, () => true)
  else if (change.kind === 'truncate') resize(twin, change.size)
  else {
    if (change.position + change.length > twin.bytes.length) resize(twin, change.position + change.length)
    twin.bytes.fill(mark, change.position, change.position + change.length)
    for (let at = change.position; at < change.position + change.length; at++) twin.certain[at] = false
  }
}

function resize(twin: Twin, size: number): void {
  const resized = new Uint8Array(size)
  resized.set(twin.bytes.subarray(0, size))
  twin.bytes = resized
  for (let at = size; at < twin.certain.length; at++) twin.certain[at] = false
}

function survivalOf(seed: number): Survival {
  return seed % 5 === 0 ? 'least' : seed % 5 === 1 ? 'most' : new SimRandom(seed)
}

function found(image: DiskImage, path: string): Uint8Array {
  return simWorld({ seed: 0, disk: image }).disk.readFile(path)
}

/** The whole tree as text, for comparison. */
function tree(image: DiskImage, folder: string = ''): string {
  const { disk } = simWorld({ seed: 0, disk: image })
  const part = (path: string): string =>
    disk.stat(path)?.kind === 'file'
      ? Buffer.from(disk.readFile(path)).toString('hex')
      : `{${disk
          .list(path)
          .map((name) => `${name}:${part(`${path}/${name}`)}`)
          .join()}}`
  return part(folder === '' ? '/' : folder)
}

describe('after every crash', () => {
  test('synced bytes are there, whatever was written beside them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyChange, { maxLength: 12 }),
        anyMode,
        fc.array(anySeed, { minLength: 5, maxLength: 5 }),
        async (changes, mode, seeds) => {
          const world = simWorld({ seed: 1 })
          const { bytes, certain } = await perform(world, changes)
          for (const seed of seeds) {
            const content = found(world.disk.image(mode, survivalOf(seed)), '/file')
            expect(certain.findIndex((isCertain, at) => isCertain && content[at] !== bytes[at])).toBe(-1)
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  test('a killed process leaves everything it wrote, and a later power cut only what was synced', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyChange, { maxLength: 12 }), anySeed, async (changes, seed) => {
        const world = simWorld({ seed: 1 })
        const { bytes } = await perform(world, changes)
        const killed = world.disk.image('kill9', survivalOf(seed))
        expect(Buffer.compare(found(killed, '/file'), bytes)).toBe(0)
        const secondLife = simWorld({ seed: 2, disk: killed })
        expect(tree(secondLife.disk.image('any', 'least'))).toBe(tree(world.disk.image('any', 'least')))
        expect(tree(secondLife.disk.image('any', 'most'))).toBe(tree(world.disk.image('kill9', 'most')))
      }),
    )
  })

  test('of what was appended a prefix is there, in the mode that promises one', async () => {
    const lengths = fc.array(fc.record({ length: fc.integer({ min: 1, max: 900 }), sync: fc.boolean() }), { maxLength: 10 })
    await fc.assert(
      fc.asyncProperty(lengths, anySeed, async (appends, seed) => {
        const world = simWorld({ seed: 1 })
        const changes: Change[] = []
        let end = 0
        for (const { length, sync } of appends) {
          changes.push({ kind: 'write', position: end, length })
          if (sync) changes.push({ kind: 'sync' })
          end += length
        }
        const { bytes } = await perform(world, changes)
        const content = found(world.disk.image('prefix', survivalOf(seed)), '/file')
        expect(Buffer.compare(content, bytes.subarray(0, content.length))).toBe(0)
      }),
    )
  })

  test('the least is what was synced, the most is everything, and the same seed gives the same image', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyChange, { maxLength: 12 }), anyMode, anySeed, async (changes, mode, seed) => {
        const world = simWorld({ seed: 1 })
        const { bytes } = await perform(world, changes)
        expect(Buffer.compare(found(world.disk.image(mode, 'most'), '/file'), bytes)).toBe(0)
        const [one, other] = [world.disk.image(mode, new SimRandom(seed)), world.disk.image(mode, new SimRandom(seed))]
        expect(one.fingerprint()).toBe(other.fingerprint())
        expect(tree(one)).toBe(tree(other))
      }),
    )
  })
})

describe('within one sector', () => {
  test('a later write does not survive without an earlier one', async () => {
    const world = simWorld({ seed: 1 })
    await perform(world, [
      { kind: 'write', position: 0, length: 100 },
      { kind: 'write', position: 100, length: 100 },
      { kind: 'write', position: 600, length: 100 },
    ])
    const seen = new Set<string>()
    for (let seed = 0; seed < 400; seed++) {
      const content = found(world.disk.image('any', new SimRandom(seed)), '/file')
      const [first, second, third] = [content[50] === 1, content[150] === 2, content[650] === 3]
      if (second) expect(first).toBe(true)
      seen.add([first, second, third].map(Number).join(''))
    }
    expect([...seen].sort()).toEqual(['000', '001', '100', '101', '110', '111'])
  })
})

describe('names', () => {
  const images = (world: SimWorld, mode: CrashMode): DiskImage[] =>
    Array.from({ length: 200 }, (_, seed) => world.disk.image(mode, survivalOf(seed)))

  async function replaced(options: { readonly syncData: boolean }): Promise<SimWorld> {
    const world = simWorld({ seed: 1 })
    await world.run(async () => {
      for (const [path, text] of [
        ['/target', 'old content'],
        ['/new', 'new content'],
      ] as const) {
        const file = world.disk.create(path)
        await file.write([new TextEncoder().encode(text)], 0)
        if (options.syncData || path === '/target') await file.dataSync()
        file.close()
        if (path === '/target') world.disk.syncFolder('/')
      }
      world.disk.rename('/new', '/target')
    })
    return world
  }

  test.each(crashModes)('a rename over a file leaves the old or the new one after %s', async (mode) => {
    const world = await replaced({ syncData: true })
    const contents = new Set(images(world, mode).map((image) => Buffer.from(found(image, '/target')).toString()))
    expect([...contents].sort()).toEqual(mode === 'kill9' ? ['new content'] : ['new content', 'old content'])
  })

  test('a rename before the data is durable may leave an empty file', async () => {
    const world = await replaced({ syncData: false })
    expect(images(world, 'any').some((image) => found(image, '/target').length === 0)).toBe(true)
  })

  test('a moved file has exactly one of its names', async () => {
    const world = simWorld({ seed: 1 })
    await world.run(async () => {
      world.disk.makeFolder('/d')
      world.disk.create('/a').close()
      world.disk.syncFolder('/')
      world.disk.rename('/a', '/d/b')
    })
    const seen = new Set(images(world, 'any').map((image) => tree(image)))
    expect([...seen].sort()).toEqual(['{a:,d:{}}', '{d:{b:}}'])
  })

  test('a file moved twice has exactly one of its names too', async () => {
    const world = simWorld({ seed: 1 })
    await world.run(async () => {
      world.disk.create('/a').close()
      world.disk.syncFolder('/')
      world.disk.rename('/a', '/b')
      world.disk.rename('/b', '/c')
    })
    const seen = new Set(images(world, 'any').map((image) => tree(image)))
    expect([...seen].sort()).toEqual(['{a:}', '{b:}', '{c:}'])
  })

  test('each survives or not by itself, but in the order of its own history', async () => {
    const world = simWorld({ seed: 1 })
    await world.run(async () => {
      world.disk.create('/a').close()
      world.disk.create('/b').close()
      world.disk.remove('/a')
      world.disk.rename('/b', '/c')
    })
    const seen = (mode: CrashMode): string[] => [...new Set(images(world, mode).map((image) => tree(image)))].sort()
    expect(seen('any')).toEqual(['{a:,b:}', '{a:,c:}', '{a:}', '{b:}', '{c:}', '{}'])
    expect(seen('prefix')).toEqual(['{a:,b:}', '{a:}', '{b:}', '{c:}', '{}'])
    expect(seen('kill9')).toEqual(['{c:}'])
  })
})

describe('fingerprints', () => {
  test('tell images apart exactly when their trees differ', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyChange, { maxLength: 8 }),
        fc.array(anySeed, { minLength: 12, maxLength: 12 }),
        async (changes, seeds) => {
          const world = simWorld({ seed: 1 })
          await perform(world, changes)
          world.disk.makeFolder('/d')
          world.disk.link('/file', '/d/other')
          const byTree = new Map<string, string>()
          for (const seed of seeds) {
            const image = world.disk.image('any', survivalOf(seed))
            const shown = tree(image)
            expect(byTree.get(shown) ?? image.fingerprint()).toBe(image.fingerprint())
            byTree.set(shown, image.fingerprint())
          }
          expect(new Set(byTree.values()).size).toBe(byTree.size)
        },
      ),
    )
  })

  test('tell two names of one file from two equal files', async () => {
    const [linked, copied] = [simWorld({ seed: 1 }), simWorld({ seed: 1 })]
    linked.disk.create('/a').close()
    linked.disk.link('/a', '/b')
    copied.disk.create('/a').close()
    copied.disk.create('/b').close()
    const [one, other] = [linked, copied].map(({ disk }) => disk.image('any', 'most'))
    expect(tree(one!)).toBe(tree(other!))
    expect(one!.fingerprint()).not.toBe(other!.fingerprint())
  })

  test('also tell what the next power cut could take', async () => {
    const world = simWorld({ seed: 1 })
    await world.run(async () => {
      const file = world.disk.create('/a')
      world.disk.syncFolder('/')
      await file.write([new Uint8Array(10).fill(1)], 0)
      const [unsynced, empty] = [world.disk.image('kill9', 'most'), world.disk.image('any', 'least')]
      await file.dataSync()
      const synced = world.disk.image('kill9', 'most')
      expect(tree(unsynced)).toBe(tree(synced))
      expect(new Set([unsynced, synced, empty].map((image) => image.fingerprint())).size).toBe(3)
      expect(world.disk.image('any', 'least').fingerprint()).toBe(synced.fingerprint())
    })
  })
})
