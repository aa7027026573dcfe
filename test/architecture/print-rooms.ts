import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { read, root } from './sources.ts'
import { withRoomsTable } from './table.ts'

writeFileSync(resolve(root, 'ARCHITECTURE.md'), withRoomsTable(read('ARCHITECTURE.md')))
