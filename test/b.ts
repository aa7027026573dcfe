import { appendDurable } from './bench/append-durable.ts'
import { readDisk } from './bench/read-disk.ts'
import { mkdtempSync, rmSync } from 'node:fs'
const directory = mkdtempSync('/tmp/mb-')
console.log(await appendDurable.run({ scale: 'full', directory }))
console.log(await readDisk.run({ scale: 'full', directory }))
rmSync(directory, { recursive: true })
