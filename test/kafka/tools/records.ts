import { step, type ToolStep } from './tool-step.ts'

const printAll =
  '--formatter-property print.key=true --formatter-property print.headers=true --formatter-property print.partition=true --formatter-property print.offset=true'
const numbers = { rules: ['numbers'] } as const

/** What writes and reads records, and what it says about it. */
export const records: readonly ToolStep[] = [
  step('kafka-topics', '--create --topic r --partitions 1'),
  step('kafka-console-producer', '--topic r', { input: 'a\nb\n' }),
  step('kafka-console-producer', '--topic r --reader-property parse.key=true --reader-property key.separator=:', {
    input: 'k:v\n',
  }),
  step('kafka-console-producer', '--topic r --reader-property parse.key=true --reader-property key.separator=:', {
    input: 'no separator\n',
  }),
  step(
    'kafka-console-producer',
    '--topic r --reader-property parse.headers=true --reader-property parse.key=true --reader-property null.marker=NULL',
    { input: 'h:x,i:y\tk\tv\nNULL\tk\tNULL\n' },
  ),
  ...['none', 'gzip', 'snappy', 'lz4', 'zstd'].flatMap((codec) => [
    step('kafka-console-producer', `--topic r --compression-codec ${codec}`, { input: `${codec}\n`.repeat(20) }),
  ]),
  step('kafka-console-producer', '--topic r --command-property acks=0 --sync', { input: 'unanswered\n' }),
  step('kafka-console-producer', '--topic made', { input: 'makes its topic\n' }),
  step('kafka-console-consumer', `--topic r --from-beginning --timeout-ms 3000 --max-messages 106 ${printAll}`),
  step('kafka-console-consumer', '--topic r --partition 0 --offset 4 --max-messages 1 --timeout-ms 3000'),
  step('kafka-console-consumer', '--topic r --partition 0 --offset latest --timeout-ms 300'),
  step(
    'kafka-console-consumer',
    '--topic r --from-beginning --max-messages 3 --isolation-level read_committed --timeout-ms 3000',
  ),
  step('kafka-console-consumer', '--include m.de --from-beginning --max-messages 1 --timeout-ms 3000'),
  step('kafka-console-consumer', '--topic r --partition 9 --offset 0 --timeout-ms 300', { rules: ['wording'] }),
  ...[
    '-1',
    '-2',
    '-3',
    '-4',
    '-5',
    'latest',
    'earliest',
    'max-timestamp',
    'earliest-local',
    'latest-tiered',
    '1',
    '4102444800000',
  ].map((time) => step('kafka-get-offsets', `--topic r --time ${time}`)),
  step('kafka-get-offsets', '--topic-partitions r:0,absent,made'),
  step('kafka-get-offsets', '--topic absent'),
  step('kafka-get-offsets', '--exclude-internal-topics --topic r|made', { rules: ['order'] }),
  step('kafka-get-offsets', '--topic r --partitions 0-3'),
  step('kafka-delete-records', '--offset-json-file {dir}/delete.json', {
    files: {
      'delete.json':
        '{"partitions":[{"topic":"r","partition":0,"offset":3},{"topic":"made","partition":0,"offset":-1}],"version":1}',
    },
    rules: ['order'],
  }),
  step('kafka-delete-records', '--offset-json-file {dir}/far.json', {
    files: { 'far.json': '{"partitions":[{"topic":"r","partition":0,"offset":9999}],"version":1}' },
    rules: ['wording'],
  }),
  step('kafka-get-offsets', '--topic r --time earliest'),
  step('kafka-log-dirs', '--describe --topic-list r,made', { rules: ['sizes'] }),
  step('kafka-log-dirs', '--describe --topic-list r --broker-list 1', { rules: ['sizes'] }),
  step(
    'kafka-producer-perf-test',
    '--topic perf --num-records 500 --record-size 100 --throughput -1 --command-property acks=all',
    numbers,
  ),
  step(
    'kafka-producer-perf-test',
    '--topic perf --num-records 500 --record-size 100 --throughput 5000 --transactional-id p --transaction-duration-ms 20 --command-property compression.type=zstd',
    numbers,
  ),
  step('kafka-consumer-perf-test', '--topic perf --num-records 1000 --timeout 10000', numbers),
  step('kafka-e2e-latency', '--topic made --num-records 10 --producer-acks all --record-size 50', numbers),
  step('kafka-verifiable-producer', '--topic verifiable --max-messages 5', { rules: ['times', 'speeds'], ownProcess: true }),
  step('kafka-verifiable-consumer', '--topic verifiable --group-id v --max-messages 5 --reset-policy earliest', {
    rules: ['times'],
    ownProcess: true,
  }),
]
