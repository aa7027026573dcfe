// Runs in an empty project that has the packed packages installed: each front door loads and has what a program needs.
import assert from 'node:assert/strict'
import * as core from '@millrace/core'
import * as streams from '@millrace/streams'
import * as rx from '@millrace/streams/rx'

for (const name of ['embeddedLog', 'int64', 'json', 'string']) assert.ok(name in core, `@millrace/core has no ${name}`)
for (const name of ['StreamsApp', 'StreamsBuilder', 'days', 'tumbling', 'windowed'])
  assert.ok(name in streams, `@millrace/streams has no ${name}`)
assert.equal(typeof rx.map, 'function')
assert.ok(import.meta.resolve('@millrace/core').endsWith('/node_modules/@millrace/core/dist/index.js'))
for (const door of ['core/testing', 'streams/testing', 'connectors', 'test']) await import(`@millrace/${door}`)
