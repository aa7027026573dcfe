import { command, type Command } from './command.ts'
import { aclCommands } from './commands/acls.ts'
import { adopt } from './commands/adopt.ts'
import { backup } from './commands/backup.ts'
import { broker } from './commands/broker.ts'
import { configCommands } from './commands/configs.ts'
import { consume } from './commands/consume.ts'
import { dumpLog } from './commands/dump-log.ts'
import { groupCommands } from './commands/groups.ts'
import { perfCommands } from './commands/perf.ts'
import { produce } from './commands/produce.ts'
import { topicCommands } from './commands/topics.ts'
import { transactionCommands } from './commands/transactions.ts'
import { userCommands } from './commands/users.ts'
import { verify } from './commands/verify.ts'
import { bashCompletion, zshCompletion } from './completion.ts'

const completions: readonly Command[] = [
  command({
    name: 'completion bash',
    about: 'print what completes millrace in bash: source <(millrace completion bash)',
    options: {},
    run: async (_, { out }) => {
      out(bashCompletion(commands))
      return 0
    },
  }),
  command({
    name: 'completion zsh',
    about: 'print what completes millrace in zsh: source <(millrace completion zsh)',
    options: {},
    run: async (_, { out }) => {
      out(zshCompletion(commands))
      return 0
    },
  }),
]

/** Every command of this package, in the order of the help. */
export const commands: readonly Command[] = [
  broker,
  ...topicCommands,
  produce,
  consume,
  ...groupCommands,
  ...configCommands,
  ...aclCommands,
  ...transactionCommands,
  ...perfCommands,
  ...userCommands,
  backup,
  adopt,
  dumpLog,
  verify,
  ...completions,
]
