import { describe, expect, test } from 'vitest'
import { DiskError } from '../base/disk.ts'
import { SimulatedCrash } from './crash.ts'
import { SimRandom } from './sim-random.ts'
import { simWorld, type SimWorld, type SimWorldOptions } from './sim-world.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function textAt({ disk }: SimWorld, path: string): string | null {
  return disk.stat(path) === null ? null : new TextDecoder().decode(disk.readFile(path))
}

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work()
    return 'ok'
  } catch (error) {
    return error instanceof DiskError ? error.code : String(error)
  }
}

/** A world with the options, in which `work` runs to its end. */
async function inWorld(work: (world: SimWorld) => Promise<void>, options: Partial<SimWorldOptions> = {}): Promise<SimWorld> {
  const world = simWorld({ seed: 1, ...options })
  await world.run(() => work(world))
  return world
}

/** The world that is found after a crash. */
function afterwards(world: SimWorld, mode: 'kill9' | 'prefix' | 'any', survival: 'least' | 'most'): SimWorld {
  return simWorld({ seed: 2, disk: world.disk.image(mode, survival) })
}

describe('a step', () => {
  test('is numbered by its call and seen just before and after its effect', async () => {
    const seen: string[] = []
    const world = await inWorld(async ({ disk }) => {
      disk.onStep(({ n, operation, path, phase }) => seen.push(`${n} ${operation} ${path} ${phase}`))
      const file = disk.create('/a')
      const written = file.write([bytes('x')], 0)
      disk.stat('/a')
      await written
      file.close()
      disk.onStep(null)
      disk.list('/')
    })
    expect(seen).toEqual([
      '1 create /a before',
      '1 create /a after',
      '3 stat /a before',
      '3 stat /a after',
      '2 write /a before',
      '2 write /a after',
      '4 close /a before',
      '4 close /a after',
    ])
    expect(world.disk.steps).toBe(5)
    expect(Object.fromEntries(world.disk.counts)).toEqual({ create: 1, write: 1, stat: 1, close: 1, list: 1 })
  })

  test('may be the last: nothing of it takes effect, nor of any later one, and no code survives by catching', async () => {
    const world = simWorld({ seed: 1 })
    const seen: string[] = []
    world.disk.crashAt(3)
    const work = world.run(async () => {
      const file = world.disk.create('/a')
      await file.write([bytes('one')], 0)
      seen.push('written')
      try {
        await file.write([bytes('two')], 3)
        seen.push('never')
      } catch {
        seen.push('never caught')
      }
    })
    await expect(work).rejects.toMatchObject({ name: 'SimulatedCrash', step: 3, operation: 'write', path: '/a' })
    expect(seen).toEqual(['written'])
    expect(() => world.disk.stat('/a')).toThrow(SimulatedCrash)
    await expect(world.run(async () => 'again')).rejects.toThrow(SimulatedCrash)
    expect(textAt(afterwards(world, 'kill9', 'least'), '/a')).toBe('one')
    expect(textAt(afterwards(world, 'kill9', 'most'), '/a')).toBe('onetwo')
  })

  test('that crashes synchronously ends the run even when the crash is swallowed', async () => {
    const world = simWorld({ seed: 1 })
    world.disk.crashAt(2)
    const work = world.run(async () => {
      world.disk.makeFolder('/d')
      expect(await codeOf(() => world.disk.create('/d/a'))).toContain('SimulatedCrash')
      return 'alive'
    })
    await expect(work).rejects.toThrow('crashed at step 2 (create /d/a)')
  })

  test('may take longer', async () => {
    const faults = [{ operation: 'dataSync', path: 'a', delayMs: 250 }] as const
    const world = await inWorld(
      async ({ disk }) => {
        const file = disk.create('/a')
        await file.dataSync()
        await file.dataSync()
        file.close()
      },
      { faults },
    )
    expect(world.clock.monotonic()).toBe(250)
  })
})

describe('faults', () => {
  test('strike the nth matching step, as often as they say', async () => {
    const faults = [
      { operation: 'write', path: '*.log', nth: 2, times: 2, error: 'EIO' },
      { operation: 'create', path: '/d/**', error: 'EMFILE', times: 'forever' },
      { atStep: 7, error: 'ENOSPC' },
    ] as const
    const seen: string[] = []
    const world = await inWorld(
      async ({ disk }) => {
        const [log, other] = [disk.create('/x.log'), disk.create('/x.index')]
        for (const file of [log, other, log, log, other, log]) seen.push(await codeOf(() => file.write([bytes('a')], 0)))
        disk.makeFolder('/d/e')
        seen.push(await codeOf(() => disk.create('/d/e/f')), await codeOf(() => disk.create('/d/f')))
        disk.faults.heal()
        seen.push(await codeOf(() => disk.create('/d/f')))
      },
      { faults },
    )
    expect(seen).toEqual(['ok', 'ok', 'EIO', 'EIO', 'ENOSPC', 'ok', 'EMFILE', 'EMFILE', 'ok'])
    world.disk.faults.add({ operation: 'stat', error: 'EIO' })
    expect(await codeOf(() => world.disk.stat('/d'))).toBe('EIO')
    expect(world.disk.faults.strikes()).toEqual([1])
  })

  test('may make a write land elsewhere, or a sync do nothing, without a word', async () => {
    const world = await inWorld(
      async ({ disk }) => {
        const [a, b] = [disk.create('/a'), disk.create('/b')]
        await a.write([bytes('old')], 0)
        await a.dataSync()
        expect(await b.write([bytes('new')], 0)).toBe(3)
        await b.dataSync()
        disk.syncFolder('/')
      },
      {
        faults: [
          { operation: 'write', error: 'misdirected', nth: 2 },
          { operation: 'dataSync', error: 'unsynced', nth: 2 },
        ],
      },
    )
    expect(`${textAt(world, '/a')}${textAt(world, '/b')}`).toMatch(/^(oldnew|new)$/)
    const left = afterwards(world, 'any', 'least')
    expect([textAt(left, '/a'), textAt(left, '/b')]).toEqual(['old', ''])
  })

  test('may make a folder forget, though it was synced', async () => {
    const world = await inWorld(
      async ({ disk }) => {
        disk.create('/a')
        disk.syncFolder('/')
      },
      { faults: [{ operation: 'syncFolder', error: 'unsynced' }] },
    )
    expect(textAt(afterwards(world, 'any', 'least'), '/a')).toBe(null)
  })

  test('may make a write or read short', async () => {
    const world = await inWorld(
      async ({ disk }) => {
        const file = disk.create('/a')
        const written = await file.write([bytes('0123'), bytes('456789')], 0)
        expect(written).toBeGreaterThan(0)
        expect(written).toBeLessThan(10)
        expect(disk.stat('/a')?.sizeBytes).toBe(written)
        await file.write([bytes('0123456789')], 0)
        expect(await file.read(new Uint8Array(10), 0)).toBeLessThan(10)
        expect(await file.read(new Uint8Array(10), 0)).toBe(10)
        file.close()
      },
      {
        faults: [
          { operation: 'write', error: 'short' },
          { operation: 'read', error: 'short' },
        ],
      },
    )
    expect(world.disk.openFiles).toBe(0)
  })

  test('of a sync lose what was pending for ever, while reads go on showing it', async () => {
    const world = await inWorld(
      async ({ disk }) => {
        const file = disk.create('/a')
        disk.syncFolder('/')
        await file.write([bytes('kept')], 0)
        await file.dataSync()
        await file.write([bytes('lost')], 4)
        expect(await codeOf(() => file.dataSync())).toBe('EIO')
        await file.write([bytes('late')], 8)
        await file.dataSync()
      },
      { faults: [{ operation: 'dataSync', nth: 2, error: 'EIO' }] },
    )
    expect(textAt(world, '/a')).toBe('keptlostlate')
    expect(textAt(afterwards(world, 'kill9', 'most'), '/a')).toBe('keptlostlate')
    expect(textAt(afterwards(world, 'any', 'most'), '/a')).toBe('kept\0\0\0\0late')
  })

  test('of a sync may keep what was pending', async () => {
    const world = await inWorld(
      async ({ disk }) => {
        const file = disk.create('/a')
        disk.syncFolder('/')
        await file.write([bytes('x')], 0)
        expect(await codeOf(() => file.dataSync())).toBe('EIO')
        await file.dataSync()
      },
      { faults: [{ operation: 'dataSync', error: 'EIO', afterSyncFail: 'kept' }] },
    )
    expect(textAt(afterwards(world, 'any', 'least'), '/a')).toBe('x')
  })
})

describe('a write in flight when the process is killed', () => {
  test('is like any other in the next life: there, but not durable before a sync', async () => {
    const world = simWorld({ seed: 1 })
    world.disk.crashAt(3)
    await world
      .run(async () => {
        const file = world.disk.create('/a')
        world.disk.syncFolder('/')
        await file.write([bytes('abc')], 0)
      })
      .catch(() => {})
    const next = afterwards(world, 'kill9', 'most')
    expect(textAt(next, '/a')).toBe('abc')
    expect(textAt(afterwards(next, 'any', 'least'), '/a')).toBe('')
    await next.run(() => next.disk.open('/a').dataSync())
    expect(textAt(afterwards(next, 'any', 'least'), '/a')).toBe('abc')
  })
})

describe('a full disk', () => {
  test('makes writes short, then refuses, and goes on when there is room; overwriting needs none', async () => {
    await inWorld(
      async ({ disk }) => {
        const [a, b] = [disk.create('/a'), disk.create('/b')]
        expect(await a.write([new Uint8Array(6000).fill(1)], 0)).toBe(6000)
        expect(await b.write([new Uint8Array(6000).fill(2)], 0)).toBe(2048)
        expect(await codeOf(() => b.write([new Uint8Array(100)], 2048))).toBe('ENOSPC')
        expect(await a.write([new Uint8Array(6000).fill(3)], 0)).toBe(6000)
        disk.remove('/a')
        expect(await codeOf(() => b.write([new Uint8Array(100)], 2048))).toBe('ENOSPC')
        a.close()
        expect(await b.write([new Uint8Array(100)], 2048)).toBe(100)
        disk.capacityBytes = 1024
        expect(await codeOf(() => b.write([new Uint8Array(5000)], 3072))).toBe('ENOSPC')
        disk.capacityBytes = 100_000
        expect(await b.write([new Uint8Array(5000)], 3072)).toBe(5000)
        expect(disk.usedBytes).toBe(8192)
      },
      { capacityBytes: 8192 },
    )
  })
})

describe('an open file', () => {
  test('is one of at most so many', async () => {
    await inWorld(
      async ({ disk }) => {
        const first = disk.create('/a')
        disk.open('/a')
        expect(await codeOf(() => disk.open('/a'))).toBe('EMFILE')
        first.close()
        expect(await codeOf(() => disk.open('/a'))).toBe('ok')
      },
      { openFilesAtMost: 2 },
    )
  })

  test('is still there when its name is gone, until it is closed', async () => {
    await inWorld(async ({ disk }) => {
      const file = disk.create('/a')
      disk.syncFolder('/')
      disk.remove('/a')
      disk.syncFolder('/')
      await file.write([bytes('still')], 0)
      const into = new Uint8Array(5)
      expect(await file.read(into, 0)).toBe(5)
      expect(into).toEqual(bytes('still'))
      file.close()
      expect(disk.list('/')).toEqual([])
    })
  })

  test('refuses to close under a call in flight, twice, or before a call', async () => {
    await inWorld(async ({ disk }) => {
      const file = disk.create('/a')
      const writing = file.write([bytes('abc')], 0)
      expect(() => file.close()).toThrow('1 calls in flight')
      await writing
      file.close()
      expect(() => file.close()).toThrow('closed twice')
      expect(() => file.dataSync()).toThrow('after close')
    })
  })

  test('fails the run when the bytes of a write change before it settles', async () => {
    const work = inWorld(async ({ disk }) => {
      const buffer = bytes('abc')
      const writing = disk.create('/a').write([buffer], 0)
      buffer[1] = 0
      await codeOf(() => writing)
    })
    await expect(work).rejects.toThrow('BUFFER_TOUCHED')
  })

  test('does not make durable what came while the sync ran', async () => {
    const world = await inWorld(
      async ({ disk }) => {
        const file = disk.create('/a')
        disk.syncFolder('/')
        await file.write([bytes('before ')], 0)
        const during = file.write([bytes('during')], 7)
        const syncing = file.dataSync()
        await Promise.all([during, syncing])
      },
      { order: 'fifo' },
    )
    expect(textAt(afterwards(world, 'any', 'least'), '/a')).toBe('before ')
    expect(textAt(afterwards(world, 'any', 'most'), '/a')).toBe('before during')
  })
})

describe('names', () => {
  test('are durable once their folder was synced, each in its own', async () => {
    const world = await inWorld(async ({ disk }) => {
      disk.makeFolder('/d/e')
      disk.syncFolder('/')
      disk.create('/d/a').close()
      disk.syncFolder('/d')
      disk.create('/d/e/x').close()
      disk.create('/d/b').close()
    })
    const least = afterwards(world, 'any', 'least').disk
    expect(least.list('/d')).toEqual(['a', 'e'])
    expect(least.list('/d/e')).toEqual([])
    expect(afterwards(world, 'any', 'most').disk.list('/d/e')).toEqual(['x'])
  })

  test('follow the sync of a folder with all that they depend on', async () => {
    const world = await inWorld(async ({ disk }) => {
      disk.makeFolder('/from')
      disk.makeFolder('/to')
      disk.syncFolder('/')
      disk.create('/from/a').close()
      disk.rename('/from/a', '/to/b')
      disk.create('/from/other').close()
      disk.syncFolder('/to')
    })
    const [least, most] = [afterwards(world, 'any', 'least').disk, afterwards(world, 'any', 'most').disk]
    expect([least.list('/from'), least.list('/to')]).toEqual([[], ['b']])
    expect([most.list('/from'), most.list('/to')]).toEqual([['other'], ['b']])
  })

  test('may come back after a crash as long as their removal is not durable', async () => {
    const world = await inWorld(async ({ disk }) => {
      disk.makeFolder('/d')
      disk.create('/other').close()
      disk.syncFolder('/')
      disk.create('/d/a').close()
      disk.remove('/d/a')
      disk.remove('/other')
      disk.syncFolder('/')
    })
    const kinds = new Set<string | undefined>()
    for (let seed = 0; seed < 20; seed++) {
      const { disk } = simWorld({ seed: 2, disk: world.disk.image('any', new SimRandom(seed)) })
      kinds.add(disk.stat('/d/a')?.kind)
    }
    expect(kinds).toEqual(new Set(['file', undefined]))
  })
})

describe('a lock', () => {
  test('is freed by a crash, and the text of the dead is not shown', async () => {
    const world = await inWorld(async ({ disk }) => {
      disk.lock('/.lock', 'the first')
      expect(await codeOf(() => disk.lock('/.lock', 'the second'))).toBe('EBUSY')
    })
    const next = afterwards(world, 'kill9', 'most').disk
    expect(next.list('/')).toEqual(['.lock', '.lock-holder'])
    next.lock('/.lock', 'the heir')
    expect(() => next.lock('/.lock', 'x')).toThrow(expect.objectContaining({ code: 'EBUSY', holder: 'the heir' }))
  })
})

describe('rot', () => {
  test('flips bits of what was synced', async () => {
    const world = await inWorld(async ({ disk }) => {
      const file = disk.create('/a')
      disk.syncFolder('/')
      await file.write([bytes('abc')], 0)
      await file.dataSync()
      disk.rot('/a', 1, 1)
    })
    expect(textAt(world, '/a')).toBe('acc')
    expect(textAt(afterwards(world, 'any', 'least'), '/a')).toBe('acc')
  })
})

describe('a world', () => {
  /** Three writers at once, reading what the others wrote, in an order that the seed chooses. */
  async function traceOf(seed: number): Promise<readonly string[]> {
    const world = simWorld({
      seed,
      order: 'shuffled',
      faults: [{ operation: 'write', error: 'short', nth: 3, times: 'forever' }],
    })
    const { disk, clock, random } = world
    const writer = async (name: string): Promise<void> => {
      const file = disk.create(`/${name}`)
      for (let round = 0; round < 20; round++) {
        const position = random.int(2000)
        await Promise.all([file.write([random.bytes(100)], position), file.read(new Uint8Array(50), random.int(2000))])
        await (random.int(2) === 0 ? file.dataSync() : new Promise<void>((resolve) => void clock.after(random.int(5), resolve)))
      }
      disk.rename(`/${name}`, '/last')
    }
    await world.run(() => Promise.all(['a', 'b', 'c'].map(writer)))
    return [world.scheduler.trace, ...(['kill9', 'prefix', 'any'] as const).map((mode) => disk.image(mode, random).fingerprint())]
  }

  test('is the same for the same seed, to the last byte of its crash images, and another for another', async () => {
    const traces = new Set<string>()
    for (let seed = 0; seed < 10; seed++) {
      const trace = await traceOf(seed)
      expect(await traceOf(seed)).toEqual(trace)
      traces.add(trace.join())
    }
    expect(traces.size).toBe(10)
  })
})

test('names are durable when a sync of them beside other work has resolved, and not before', async () => {
  const world = await inWorld(async ({ disk }) => {
    disk.create('/synced').close()
    await disk.syncNames('/')
    disk.create('/late').close()
  })
  expect(textAt(afterwards(world, 'any', 'least'), '/synced')).toBe('')
  expect(textAt(afterwards(world, 'any', 'least'), '/late')).toBeNull()
})
