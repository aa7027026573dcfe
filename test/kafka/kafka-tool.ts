import { spawn } from 'node:child_process'
import type { ToolEnd } from './kafka-driver.ts'
import type { KafkaHome } from './kafka-home.ts'

/** Kafka's tools by their script's name, and the classes behind them. */
export const toolClasses = {
  // Without a script: Kafka's own tests of its clients.
  'client-compatibility-test': 'org.apache.kafka.tools.ClientCompatibilityTest',
  'transactional-message-copier': 'org.apache.kafka.tools.TransactionalMessageCopier',
  'kafka-acls': 'org.apache.kafka.tools.AclCommand',
  'kafka-broker-api-versions': 'org.apache.kafka.tools.BrokerApiVersionsCommand',
  'kafka-cluster': 'org.apache.kafka.tools.ClusterTool',
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-consumer-perf-test': 'org.apache.kafka.tools.ConsumerPerformance',
  'kafka-delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'kafka-e2e-latency': 'org.apache.kafka.tools.EndToEndLatency',
  'kafka-features': 'org.apache.kafka.tools.FeatureCommand',
  'kafka-get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'kafka-groups': 'org.apache.kafka.tools.GroupsCommand',
  'kafka-leader-election': 'org.apache.kafka.tools.LeaderElectionCommand',
  'kafka-log-dirs': 'org.apache.kafka.tools.LogDirsCommand',
  'kafka-metadata-quorum': 'org.apache.kafka.tools.MetadataQuorumCommand',
  'kafka-producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  'kafka-reassign-partitions': 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  'kafka-streams-application-reset': 'org.apache.kafka.tools.StreamsResetter',
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-transactions': 'org.apache.kafka.tools.TransactionsCommand',
  'kafka-verifiable-consumer': 'org.apache.kafka.tools.VerifiableConsumer',
  'kafka-verifiable-producer': 'org.apache.kafka.tools.VerifiableProducer',
} as const

export type ToolName = keyof typeof toolClasses

/** Runs one of Kafka's tools as its script does, in a Java process of its own. */
export function runKafkaTool(kafka: KafkaHome, name: ToolName, args: readonly string[]): Promise<ToolEnd> {
  return startKafkaTool(kafka, name, args).ended
}

interface RunningTool {
  readonly ended: Promise<ToolEnd>
  /** As with Ctrl-C: it ends in order. */
  readonly stop: () => void
}

export function startKafkaTool(kafka: KafkaHome, name: ToolName, args: readonly string[]): RunningTool {
  const java = ['-XX:TieredStopAtLevel=1', '-cp', kafka.classPath, `-Dlog4j2.configurationFile=${kafka.logging}`]
  const tool = spawn('java', [...java, toolClasses[name], ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const out = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    tool[stream].setEncoding('utf8').on('data', (text: string) => (out[stream] += text))
  }
  const { promise, resolve, reject } = Promise.withResolvers<ToolEnd>()
  tool.on('error', reject).on('close', (code) => resolve({ code: code ?? -1, ...out }))
  return { ended: promise, stop: () => tool.kill('SIGINT') }
}
