import { spawn } from 'node:child_process'
import type { KafkaHome } from './kafka-home.ts'

/** Kafka's tools by their script's name, and the classes behind them. */
const classes = {
  'kafka-acls': 'org.apache.kafka.tools.AclCommand',
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
} as const

export type KafkaToolName = keyof typeof classes

interface ToolEnd {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs one of Kafka's tools as its script does, in a Java process of its own. */
export function runKafkaTool(kafka: KafkaHome, name: KafkaToolName, args: readonly string[]): Promise<ToolEnd> {
  return startKafkaTool(kafka, name, args).ended
}

interface RunningTool {
  readonly ended: Promise<ToolEnd>
  /** As with Ctrl-C: it ends in order. */
  readonly stop: () => void
}

export function startKafkaTool(kafka: KafkaHome, name: KafkaToolName, args: readonly string[]): RunningTool {
  const java = ['-XX:TieredStopAtLevel=1', '-cp', kafka.classPath, `-Dlog4j2.configurationFile=${kafka.logging}`]
  const tool = spawn('java', [...java, classes[name], ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const out = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    tool[stream].setEncoding('utf8').on('data', (text: string) => (out[stream] += text))
  }
  const { promise, resolve, reject } = Promise.withResolvers<ToolEnd>()
  tool.on('error', reject).on('close', (code) => resolve({ code, ...out }))
  return { ended: promise, stop: () => tool.kill('SIGINT') }
}
