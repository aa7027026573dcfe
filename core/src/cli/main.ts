#!/usr/bin/env node
import { nodeWorld } from '../platform/node-world.ts'
import { runCommand } from './run.ts'

process.exitCode = await runCommand(process.argv.slice(2), {
  world: nodeWorld(),
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
})
