import { step, type ToolStep } from './tool-step.ts'

const supported = ['offsets-for-times', 'cluster-id', 'create-topics', 'describe-acls', 'describe-configs', 'idempotent-producer']

/** What is said of the cluster; and Kafka's own test of what a server can. */
export const cluster: readonly ToolStep[] = [
  step('kafka-cluster', 'cluster-id'),
  step('kafka-cluster', 'list-endpoints'),
  step('kafka-cluster', 'list-endpoints --include-fenced-brokers'),
  step('kafka-broker-api-versions', '', { rules: ['apis'] }),
  step('kafka-features', '--bootstrap-server {bootstrap} describe', { rules: ['features'] }),
  step('kafka-features', '--bootstrap-server {bootstrap} upgrade --feature transaction.version=2 --dry-run', {
    rules: ['wording'],
  }),
  step('kafka-features', '--bootstrap-server {bootstrap} upgrade --feature no.such=1 --dry-run', { rules: ['wording'] }),
  step('kafka-metadata-quorum', '--bootstrap-server {bootstrap} describe --status', { rules: ['numbers'] }),
  step('kafka-leader-election', '--election-type preferred --all-topic-partitions'),
  step('kafka-metadata-quorum', '--bootstrap-server {bootstrap} describe --replication', { rules: ['numbers'] }),
  step('kafka-leader-election', '--election-type unclean --topic t --partition 0'),
  step('kafka-reassign-partitions', '--list'),
  step('kafka-streams-application-reset', '--application-id app --input-topics t', { rules: ['order'] }),
  step('kafka-topics', '--create --topic compatible'),
  step(
    'client-compatibility-test',
    `--topic compatible --num-cluster-nodes 1 --expect-record-too-large-exception false ${supported.map((what) => `--${what}-supported true`).join(' ')}`,
  ),
]

/**
 * A producer of the id `x` has a transaction open in partition 0 of `tx`, from offset 2 on; `done` has committed one there, `idle` has
 * never begun one.
 */
export const transactions: readonly ToolStep[] = [
  step('kafka-transactions', '--bootstrap-server {bootstrap} list', { rules: ['numbers', 'order'] }),
  step('kafka-transactions', '--bootstrap-server {bootstrap} list --transactional-id-pattern d.*', { rules: ['numbers'] }),
  step('kafka-transactions', '--bootstrap-server {bootstrap} list --duration-filter 1', { rules: ['numbers', 'order'] }),
  step('kafka-transactions', '--bootstrap-server {bootstrap} list --duration-filter 3600000', { rules: ['numbers'] }),
  step('kafka-transactions', '--bootstrap-server {bootstrap} describe --transactional-id x', { rules: ['numbers'] }),
  step('kafka-transactions', '--bootstrap-server {bootstrap} describe --transactional-id done', { rules: ['numbers'] }),
  step('kafka-transactions', '--bootstrap-server {bootstrap} describe --transactional-id absent'),
  step('kafka-transactions', '--bootstrap-server {bootstrap} describe-producers --topic tx --partition 0', {
    rules: ['numbers', 'order'],
  }),
  step('kafka-transactions', '--bootstrap-server {bootstrap} find-hanging --broker-id 1'),
  step('kafka-transactions', '--bootstrap-server {bootstrap} find-hanging --topic tx --partition 0 --max-transaction-timeout 1'),
  step('kafka-get-offsets', '--topic tx --time latest'),
  step('kafka-transactions', '--bootstrap-server {bootstrap} abort --topic tx --partition 0 --start-offset 99'),
  step('kafka-transactions', '--bootstrap-server {bootstrap} forceTerminateTransaction --transactionalId x'),
  step('kafka-transactions', '--bootstrap-server {bootstrap} list', { rules: ['numbers', 'order'] }),
  step('kafka-console-consumer', '--topic tx --partition 0 --offset earliest --isolation-level read_committed --timeout-ms 2000'),
  step('kafka-console-consumer', '--topic tx --partition 0 --offset earliest --timeout-ms 2000'),
  step('kafka-console-producer', '--topic source', { input: '1\n2\n3\n4\n5\n' }),
  step(
    'transactional-message-copier',
    '--broker-list {bootstrap} --input-topic source --output-topic copy --input-partition 0 --consumer-group cg --transactional-id ct --max-messages 5 --transaction-size 2 --group-mode --use-group-metadata',
    { rules: ['progress'], ownProcess: true },
  ),
  step('kafka-console-consumer', '--topic copy --from-beginning --isolation-level read_committed --timeout-ms 1000'),
]
