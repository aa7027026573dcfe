import { defineConfig, type RolldownOptions } from 'rolldown'

/** The `millrace` command in a few files, from what tsc has built; dependencies stay outside. */
const config: RolldownOptions = defineConfig({
  input: 'dist/cli/main.js',
  platform: 'node',
  external: /^[a-z@]/,
  output: { dir: 'dist/bin', format: 'esm', chunkFileNames: '[name]-[hash].js' },
})

export default config
