import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { nodeWorld } from './node-world.ts'

const { clock, random } = nodeWorld()

test('a timer runs once after its delay, and a cancelled one never', async () => {
  const seen: string[] = []
  const before = clock.monotonic()
  clock.after(1, () => seen.push('cancelled')).cancel()
  const timer = await new Promise<ReturnType<typeof clock.after>>((resolve) => {
    const late = clock.after(5, () => resolve(late))
  })
  timer.cancel()
  expect(seen).toEqual([])
  expect(clock.monotonic() - before).toBeGreaterThan(4)
})

test('a delay beyond the range of Node timers does not fire at once', async () => {
  let fired = false
  const timer = clock.after(2 ** 31 + 5, () => (fired = true))
  await new Promise<void>((resolve) => void clock.after(5, resolve))
  expect(fired).toBe(false)
  timer.cancel()
})

test('a timer keeps the process alive until it has fired', () => {
  const module = new URL('./node-clock.ts', import.meta.url).href
  const program = `import { NodeClock } from ${JSON.stringify(module)}; new NodeClock().after(50, () => console.log('fired'))`
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 20_000 })
  expect({ status: child.status, stdout: String(child.stdout), stderr: String(child.stderr) }).toEqual({
    status: 0,
    stdout: 'fired\n',
    stderr: '',
  })
})

test('a turn lets microtasks and the event loop pass', async () => {
  let turned = false
  setImmediate(() => (turned = true))
  await clock.turn()
  expect(turned).toBe(true)
})

test('the wall clock tells this year and randomness fills what was asked for', () => {
  expect(clock.now()).toBeGreaterThan(Date.UTC(2025, 0))
  expect(random.bytes(16)).toHaveLength(16)
  expect(random.bytes(16)).not.toEqual(random.bytes(16))
})
