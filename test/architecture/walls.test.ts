import { expect, test } from 'vitest'
import { house } from './rooms.ts'
import { doors, read, sources } from './sources.ts'
import { withRoomsTable } from './table.ts'
import { breaches } from './walls.ts'

test('no import goes through a wall', { timeout: 180_000 }, () => {
  const files = sources()
  for (const wing of Object.keys(house))
    expect(files.filter(({ path }) => path.startsWith(`${wing}/src/`)).length).toBeGreaterThan(0)
  expect(breaches(files, doors())).toEqual([])
})

test('a room imports only rooms that exist, and no two rooms import each other', () => {
  for (const { rooms } of Object.values(house)) {
    const above = (room: string, seen: readonly string[]): void => {
      expect(rooms).toHaveProperty(room)
      expect(seen).not.toContain(room)
      const { imports } = rooms[room]!
      if (imports !== 'any') for (const next of imports) above(next, [...seen, room])
    }
    for (const room of Object.keys(rooms)) above(room, [])
  }
})

test('ARCHITECTURE.md shows the table of rooms (`npm run rooms` prints it)', () => {
  const page = read('ARCHITECTURE.md')
  expect(page).toBe(withRoomsTable(page))
})

const known = { core: ['', 'testing', 'cli'], streams: ['', 'rx', 'testing'], connectors: [''], test: [''] }

function check(path: string, text: string): string {
  return breaches([{ path, text }], known).join('\n')
}

test.each([
  ['core/src/log/partition.ts', `import { segment } from '../storage/segment.ts'`],
  ['core/src/log/partition.ts', `import { tail } from './tail.ts'`],
  ['core/src/log/partition.ts', `import { crc32 } from 'node:zlib'`],
  ['core/src/platform/disk.ts', `import { openSync } from 'node:fs'`],
  ['core/src/log/partition.test.ts', `import { test } from 'vitest'\nimport { disk } from '../simulation/disk.ts'`],
  ['core/src/log/partition.prop.test.ts', `import fc from 'fast-check'\nimport { readFileSync } from 'node:fs'`],
  ['core/src/open/embedded.ts', `import { disk } from '../platform/disk.ts'\nimport { broker } from '../broker/broker.ts'`],
  ['core/src/cli/main.ts', `await import(name)`],
  ['core/src/index.ts', `export { embeddedLog } from './open/embedded.ts'`],
  ['streams/src/state/engines/classic-level.ts', `import { ClassicLevel } from 'classic-level'`],
  ['streams/src/operators/filter.ts', `import { Subscriber } from 'rxjs'\nimport type { Serde } from '@millrace/core'`],
  ['streams/src/testing/driver.ts', `import { simulate } from '@millrace/core/testing'`],
  ['connectors/src/builtin/file/source.ts', `import { read } from './read.ts'\nimport { Source } from '../../api/source.ts'`],
  ['test/src/index.ts', `export { simulate } from '@millrace/core/testing'`],
  ['examples/01-flight-delays/src/main.ts', `import { embeddedLog } from '@millrace/core'`],
])('allowed: %s: %s', (path, text) => {
  expect(check(path, text)).toBe('')
})

test.each([
  [
    'core/src/log/a.ts',
    `\nimport { x } from '../broker/x.ts'`,
    'core/src/log/a.ts:2: wall "core/log": may import base, record, storage, not broker',
  ],
  ['core/src/base/a.ts', `import type { X } from '../record/x.ts'`, 'wall "core/base": may import nothing, not record'],
  ['core/src/base/a.ts', `export { x } from '../record/x.ts'`, 'wall "core/base"'],
  ['core/src/base/a.ts', `type X = import('../record/x.ts').X`, 'wall "core/base"'],
  ['core/src/base/a.ts', `const x = await import('../record/x.ts')`, 'wall "core/base"'],
  ['core/src/base/a.ts', `const x = await import(name)`, 'wall "imports are visible"'],
  ['core/src/log/a.ts', `import { x } from '../base/index.ts'`, 'wall "no barrels"'],
  ['core/src/index.ts', `export { x } from './base/index.ts'`, 'wall "no barrels"'],
  ['core/src/log/a.ts', `import { x } from '../index.ts'`, 'wall "core/log": a door leads out'],
  ['core/src/log/a.ts', `import { x } from '../simulation/disk.ts'`, 'wall "core/log"'],
  ['core/src/log/a.ts', `import { x } from './partition.fixtures.ts'`, 'wall "tests"'],
  ['core/src/log/a.ts', `import { test } from 'vitest'`, 'wall "vitest"'],
  ['core/src/log/a.ts', `import { readFileSync } from 'node:fs'`, 'wall "the machine"'],
  ['core/src/log/a.ts', `import { setTimeout } from 'node:timers/promises'`, 'wall "the machine"'],
  [
    'core/src/log/a.ts',
    `import { StreamsApp } from '@millrace/streams'`,
    'wall "core": may import nothing, not @millrace/streams',
  ],
  ['core/src/attic/a.ts', `import { x } from '../base/x.ts'`, 'core has no room "attic"'],
  [
    'streams/src/state/store.ts',
    `import { ClassicLevel } from 'classic-level'`,
    'wall "classic-level": only in streams/src/state/engines/',
  ],
  ['streams/src/plan/plan.ts', `import { map } from 'rxjs/operators'`, 'wall "rxjs"'],
  [
    'streams/src/plan/plan.ts',
    `import { x } from '../../../core/src/base/x.ts'`,
    'wall "streams": other workspaces only through their doors',
  ],
  ['streams/src/plan/plan.ts', `import { x } from '@millrace/core/base/x.ts'`, 'wall "doors"'],
  ['streams/src/plan/plan.ts', `import { simulate } from '@millrace/core/testing'`, 'wall "tests"'],
  [
    'streams/src/plan/plan.ts',
    `import { x } from '@millrace/test'`,
    'wall "streams": may import @millrace/core, not @millrace/test',
  ],
  ['streams/src/plan/plan.ts', `import { x } from 'left-pad'`, 'wall "left-pad": is in no list'],
  [
    'connectors/src/api/source.ts',
    `import { x } from '@millrace/streams'`,
    'wall "connectors": may import @millrace/core, not @millrace/streams',
  ],
  [
    'connectors/src/builtin/file/a.ts',
    `import { x } from '../http/x.ts'`,
    'wall "connectors/builtin/file": may import api, not builtin/http',
  ],
  ['connectors/src/builtin/file/a.ts', `import { x } from '../../runtime/worker.ts'`, 'wall "connectors/builtin/file"'],
  ['test/src/index.ts', `import { x } from '@millrace/connectors'`, 'wall "test"'],
  [
    'test/e2e/a.test.ts',
    `import { x } from '../../core/src/base/x.ts'`,
    'wall "test": other workspaces only through their doors',
  ],
])('refused: %s: %s', (path, text, reason) => {
  expect(check(path, text)).toContain(reason)
})
