import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { embeddedLog, serveLog, type AuthorizationOptions } from '@millrace/core'
import { KafkaBroker } from './kafka-broker.ts'
import { KafkaDriver, type ToolEnd } from './kafka-driver.ts'
import { findKafka } from './kafka-home.ts'
import { toolClasses, type ToolName } from './kafka-tool.ts'

type Step = readonly [ToolName, string]

/** What an administrator does with rules, as Kafka's documentation shows it. */
const administration: readonly Step[] = [
  [
    'kafka-acls',
    '--add --allow-principal User:Bob --allow-host 198.51.100.0 --operation Read --operation Write --topic Test-topic',
  ],
  [
    'kafka-acls',
    '--add --allow-principal User:* --deny-principal User:BadBob --deny-host 198.51.100.3 --operation Read --topic Test-topic',
  ],
  ['kafka-acls', '--add --allow-principal User:Jane --producer --topic Test- --resource-pattern-type prefixed'],
  ['kafka-acls', '--add --allow-principal User:Bob --producer --topic p --transactional-id tx --idempotent'],
  ['kafka-acls', '--add --allow-principal User:Bob --consumer --topic Test-topic --group Group-1'],
  ['kafka-acls', '--add --allow-principal User:Ops --operation Alter --operation DescribeConfigs --cluster'],
  ['kafka-acls', '--list --topic Test-topic'],
  ['kafka-acls', '--list --topic Test-topic --resource-pattern-type match'],
  ['kafka-acls', '--list --principal User:Bob'],
  ['kafka-acls', '--remove --allow-principal User:Bob --consumer --topic Test-topic --group Group-1 --force'],
  ['kafka-acls', '--remove --topic Test- --resource-pattern-type prefixed --force'],
  ['kafka-acls', '--list'],
  ['kafka-acls', '--remove --cluster --force'],
  ['kafka-acls', '--list --cluster'],
  ['kafka-acls', '--add --allow-principal Bob --operation Read --topic x'],
  ['kafka-acls', '--add --allow-principal User:Bob --operation Create --group x'],
]

/** What clients hear where a rule denies; whoever no rule is about may do everything. */
const denials: readonly Step[] = [
  ['kafka-topics', '--create --topic seen'],
  ['kafka-topics', '--create --topic hidden'],
  ['kafka-acls', '--add --deny-principal User:ANONYMOUS --operation Describe --operation Read --topic hidden'],
  ['kafka-acls', '--add --allow-principal User:* --operation Describe --topic seen'],
  ['kafka-topics', '--list --exclude-internal'],
  ['kafka-topics', '--describe --topic hidden'],
  ['kafka-topics', '--alter --topic seen --partitions 2'],
  ['kafka-configs', '--alter --entity-type topics --entity-name seen --add-config retention.ms=1000'],
  ['kafka-configs', '--describe --entity-type topics --entity-name seen'],
  ['kafka-get-offsets', '--topic seen'],
  ['kafka-get-offsets', '--topic hidden'],
  ['kafka-acls', '--add --allow-principal User:ANONYMOUS --operation AlterConfigs --topic seen'],
  ['kafka-configs', '--alter --entity-type topics --entity-name seen --add-config retention.ms=1000'],
  ['kafka-console-consumer', '--topic hidden --group g --from-beginning --timeout-ms 5000'],
  ['kafka-acls', '--add --deny-principal User:ANONYMOUS --operation All --group closed'],
  ['kafka-console-consumer', '--topic seen --group closed --from-beginning --timeout-ms 5000'],
  ['kafka-consumer-groups', '--describe --group closed'],
  ['kafka-consumer-groups', '--list'],
  ['kafka-topics', '--delete --topic seen'],
]

const standard = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'

test('kafka-acls prints here what it prints against a Kafka', { timeout: 480_000 }, () =>
  compare({ 'super.users': 'User:ANONYMOUS' }, { superUsers: ['User:ANONYMOUS'] }, administration),
)

test('whom a rule denies hears the same as of a Kafka', { timeout: 480_000 }, () =>
  compare({ 'allow.everyone.if.no.acl.found': 'true' }, { allowIfNoRule: true }, denials),
)

async function compare(
  settings: Readonly<Record<string, string>>,
  authorization: AuthorizationOptions,
  steps: readonly Step[],
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-acls-'))
  try {
    await using kafka = await KafkaBroker.start({ 'authorizer.class.name': standard, ...settings })
    await using log = await embeddedLog({ dir, durability: 'os' })
    await using served = await serveLog(log, { listeners: [{ port: 0 }], authorization })
    await using driver = new KafkaDriver(findKafka())
    const { host, port } = served.places[0]!
    const sides = [
      { driver: kafka.driver, bootstrap: kafka.bootstrap },
      { driver, bootstrap: `${host}:${port}` },
    ]
    for (const [tool, args] of steps) {
      const [theirs, ours] = await Promise.all(
        sides.map((side) => {
          const words = ['--bootstrap-server', side.bootstrap, ...args.split(' ')]
          return side.driver.call('tool', { mainClass: toolClasses[tool], args: words, input: '' })
        }),
      )
      expect(shown(ours!), `${tool} ${args}\n${ours!.stderr}`).toEqual(shown(theirs!))
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** What it says to whoever called it. Sets of rules come in any order, and every server says in its own words why it refuses. */
function shown({ code, stdout, stderr }: ToolEnd) {
  const lines = stdout.replaceAll(/Error while executing.*/g, 'Error').split('\n')
  const errors = `${stdout}${stderr}`.match(/\w+AuthorizationException/g) ?? []
  return {
    code,
    lines: lines
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .sort(),
    errors: new Set(errors),
  }
}
