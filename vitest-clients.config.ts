import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { conditions } from './vitest.config.ts'

/** `npm run test:clients`: clients that npm does not have. Needs what `npm run install:clients` installs. */
const config: ViteUserConfig = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    root: './test/conformance/clients',
    include: ['**/*.client.test.ts'],
    globalSetup: ['./find-clients-first.ts'],
    testTimeout: 60_000,
    reporters: ['default', new URL('.ci/closing-line-reporter.ts', import.meta.url).pathname],
  },
})

export default config
