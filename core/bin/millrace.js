#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { enableCompileCache } from 'node:module'

const needed = 24
if (Number.parseInt(process.versions.node) < needed) {
  process.stderr.write(`millrace needs Node ${needed} or newer, this is ${process.versions.node}\n`)
  process.exit(2)
}

// What Node has compiled once it need not compile again. NODE_DISABLE_COMPILE_CACHE=1 turns it off.
enableCompileCache()

// A package has the command in a few bundled files, since a broker is hundreds of modules and is to be ready at once; a checkout that
// was not built has its sources.
if (existsSync(new URL('../dist/bin/main.js', import.meta.url))) await import('../dist/bin/main.js')
else await import('../src/cli/main.ts')
