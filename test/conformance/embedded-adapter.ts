import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { embeddedLog } from '@millrace/core'
import type { LogAdapter, LogSettings } from './adapter.ts'

/** The log in this process, on real files. */
export function embeddedAdapter(settings: LogSettings = {}): LogAdapter {
  let dir: string | null = null
  return {
    name: 'embedded',
    prefix: 'c',
    capabilities: { virtualTime: false },
    open: async () => {
      dir ??= await mkdtemp(join(tmpdir(), 'millrace-conformance-'))
      return embeddedLog({ dir, ...settings })
    },
    reopen: async (log) => {
      await log.close()
      return embeddedLog({ dir: dir!, ...settings })
    },
    now: () => Date.now(),
    pass: (ms) => setTimeout(ms),
    run: (work) => work(),
    dispose: async () => {
      if (dir !== null) await rm(dir, { recursive: true })
    },
  }
}
