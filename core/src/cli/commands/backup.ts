import { command, type Command } from '../command.ts'
import { dir, json } from '../shared-options.ts'

/** A copy of a data directory that can be opened as a log of its own. */
export const backup: Command = command({
  name: 'backup',
  about: 'copy a whole log to a directory, where it can be opened as a log of its own',
  options: {
    dir,
    to: { takes: 'text', shown: 'DIR', required: true, about: 'a directory that is not there, or empty' },
    json,
  },
  notes: 'On the same file system complete segments are not copied: both directories share them, and neither changes them.',
  run: async (values, context) => (await import('../run-backup.ts')).runBackup(values, context),
})
