import { command, type Command } from '../command.ts'
import { json } from '../shared-options.ts'

/** Reads everything in a data directory that nobody has open and says what is damaged. It changes nothing. Exit code 1: it found something. */
export const verify: Command = command({
  name: 'verify',
  about: 'read everything in a data directory and report what is damaged',
  options: { dir: { takes: 'text', shown: 'DIR', required: true, about: 'the data directory' }, json },
  run: async (values, context) => (await import('../run-verify.ts')).runVerify(values, context),
})
