import { step, type ToolStep } from './tool-step.ts'

const consume = '--topic t --timeout-ms 10000 --from-beginning'
const reset = '--reset-offsets --group g'

/** Every way to reset offsets; the dry run prints what would be, and the real one is described. */
const ways: readonly string[] = [
  '--to-earliest',
  '--to-latest',
  '--to-offset 1',
  '--to-offset 99',
  '--shift-by 1',
  '--shift-by -1',
  '--shift-by -99',
  '--to-current',
  '--to-datetime 1970-01-01T00:00:02.000Z',
  '--to-datetime 2038-01-01T00:00:00.000Z',
  '--by-duration P1000D',
  '--by-duration PT0S',
]

/** What an administrator of groups does. The topic t has records at 1, 2, 3, 4 seconds in partition 0, and none in partition 1. */
export const groups: readonly ToolStep[] = [
  step('kafka-consumer-groups', '--list'),
  step('kafka-groups', '--list'),
  step('kafka-consumer-groups', '--describe --group absent', { rules: ['wording'] }),
  step('kafka-consumer-groups', '--describe --all-groups'),
  step('kafka-console-consumer', `${consume} --group g --max-messages 2`),
  step('kafka-console-consumer', `${consume} --group g --max-messages 2 --formatter-property print.offset=true`),
  step('kafka-console-consumer', `${consume} --group h --max-messages 1`),
  step('kafka-consumer-groups', '--list', { rules: ['order'] }),
  step('kafka-consumer-groups', '--list --state', { rules: ['order'] }),
  step('kafka-consumer-groups', '--list --state Empty --type classic', { rules: ['order'] }),
  step('kafka-consumer-groups', '--list --state stable'),
  step('kafka-consumer-groups', '--list --type consumer'),
  step('kafka-groups', '--list', { rules: ['order'] }),
  step('kafka-groups', '--list --consumer', { rules: ['order'] }),
  step('kafka-groups', '--list --share'),
  step('kafka-groups', '--list --group-type classic --protocol consumer', { rules: ['order'] }),
  step('kafka-consumer-groups', '--describe --group g'),
  step('kafka-consumer-groups', '--describe --group g --verbose'),
  step('kafka-consumer-groups', '--describe --group g --members'),
  step('kafka-consumer-groups', '--describe --group g --members --verbose'),
  step('kafka-consumer-groups', '--describe --group g --state'),
  step('kafka-consumer-groups', '--describe --group g --state --verbose'),
  step('kafka-consumer-groups', '--describe --all-groups', { rules: ['order'] }),
  step('kafka-consumer-groups', '--describe --all-groups --state', { rules: ['order'] }),
  ...ways.flatMap((way) => [
    step('kafka-consumer-groups', `${reset} --topic t ${way} --dry-run`),
    step('kafka-consumer-groups', `${reset} --topic t:0 ${way} --execute`),
    step('kafka-consumer-groups', '--describe --group g'),
  ]),
  step('kafka-consumer-groups', `${reset} --all-topics --to-earliest --execute`),
  step('kafka-consumer-groups', `${reset} --topic t --to-offset 3 --export`),
  step('kafka-consumer-groups', `${reset} --from-file {dir}/plan.csv --dry-run`, { files: { 'plan.csv': 't,0,2\nt,1,0\n' } }),
  step('kafka-consumer-groups', `${reset} --from-file {dir}/plan.csv --execute`),
  step('kafka-consumer-groups', '--reset-offsets --all-groups --all-topics --to-latest --dry-run', { rules: ['order'] }),
  step('kafka-consumer-groups', '--reset-offsets --group g --group h --topic t:0,1 --to-latest --execute', { rules: ['order'] }),
  step('kafka-consumer-groups', '--reset-offsets --group new --topic t --to-earliest --execute'),
  step('kafka-consumer-groups', `${reset} --topic absent --to-earliest --execute`, { rules: ['wording'] }),
  step('kafka-consumer-groups', `${reset} --topic t:7 --to-earliest --execute`, { rules: ['wording'] }),
  step('kafka-consumer-groups', '--describe --group new'),
  step('kafka-consumer-groups', '--delete-offsets --group g --topic t:0'),
  step('kafka-consumer-groups', '--delete-offsets --group g --topic t:0'),
  step('kafka-consumer-groups', '--delete-offsets --group absent --topic t', { rules: ['wording'] }),
  step('kafka-consumer-groups', '--describe --group g'),
  step('kafka-consumer-groups', '--delete --group g --group absent', { rules: ['wording'] }),
  step('kafka-consumer-groups', '--delete --group h'),
  step('kafka-consumer-groups', '--delete --all-groups'),
  step('kafka-consumer-groups', '--list'),
]

/** While the group `live` has one member, which has committed. */
export const liveGroups: readonly ToolStep[] = [
  step('kafka-consumer-groups', '--describe --group live'),
  step('kafka-consumer-groups', '--describe --group live --members --verbose'),
  step('kafka-consumer-groups', '--describe --group live --state'),
  step('kafka-consumer-groups', '--list --state stable'),
  step('kafka-consumer-groups', '--reset-offsets --group live --topic t --to-earliest --execute', { rules: ['wording'] }),
  step('kafka-consumer-groups', '--delete-offsets --group live --topic t', { rules: ['wording'] }),
  step('kafka-consumer-groups', '--delete --group live', { rules: ['wording'] }),
]
