import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig, type ViteUserConfig } from 'vitest/config'

/** Workspaces are tested from their sources: nothing has to be built first. */
export const conditions: string[] = ['@millrace/source', 'module', 'node', 'development|production']

const config: ViteUserConfig = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    projects: ['core', 'streams', 'connectors', 'test', 'examples'].map((name) => ({
      extends: true,
      test: {
        name,
        root: `./${name}`,
        include: ['**/*.test.ts'],
        // Those need a real Kafka, or clients that npm does not have: vitest-kafka.config.ts, vitest-clients.config.ts.
        exclude: [...configDefaults.exclude, '**/*.kafka.test.ts', '**/*.client.test.ts'],
        benchmark: { include: ['**/*.bench.ts'] },
      },
    })),
    testTimeout: 30_000,
    // Tests wait for disks and sockets much of their time: two cores have room for two files at once.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: ['default', './.ci/closing-line-reporter.ts'],
    coverage: { provider: 'v8', include: ['{core,streams,connectors,test}/src/**/*.ts'], reporter: ['text', 'json-summary'] },
  },
})

export default config
