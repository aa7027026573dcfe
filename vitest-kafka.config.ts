import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { conditions } from './vitest.config.ts'

/** `npm run test:kafka`: against a real Apache Kafka. Needs a JDK and Maven, which `npm test` does not. */
const config: ViteUserConfig = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    root: './test/kafka',
    include: ['**/*.kafka.test.ts'],
    globalSetup: ['./find-kafka-first.ts'],
    // A broker and its clients keep two cores busy.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ['default', new URL('.ci/closing-line-reporter.ts', import.meta.url).pathname],
  },
})

export default config
