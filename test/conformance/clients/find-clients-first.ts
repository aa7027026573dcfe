import { spawnSync } from 'node:child_process'

const needed = [
  ['kcat', ['-V']],
  ['/usr/bin/python3', ['-c', 'import confluent_kafka']],
] as const

/** Says at once what is missing, instead of in every test. */
export function setup(): void {
  for (const [program, args] of needed) {
    if (spawnSync(program, args).status !== 0)
      throw new Error(`npm run test:clients needs kcat and python3-confluent-kafka: on Debian, npm run install:clients (as root)`)
  }
}
