import { fileURLToPath } from 'node:url'

/** The `millrace` command, in its sources. */
export const millraceMain: string = fileURLToPath(new URL('../../core/src/cli/main.ts', import.meta.url))
