import { minIterations, scramMechanisms } from '../../coordinator/scram-credentials.ts'
import { command, type Command } from '../command.ts'
import { dir, json } from '../shared-options.ts'

const load = () => import('../run-users.ts')

const user = { takes: 'text', shown: 'NAME', required: true, about: 'the user' } as const

export const userCommands: readonly Command[] = [
  command({
    name: 'users list',
    about: 'who can log in with SCRAM',
    options: { dir, json },
    run: async (values, context) => (await load()).listUsers(values, context),
  }),
  command({
    name: 'users set',
    about: 'give a user a SCRAM credential, or another password',
    options: {
      dir,
      user,
      mechanism: { takes: 'text', choices: [...scramMechanisms], default: 'SCRAM-SHA-512', about: 'with which the user logs in' },
      'password-file': { takes: 'text', shown: 'FILE', about: 'its first line is the password; else that of standard input is' },
      iterations: {
        takes: 'number',
        minimum: minIterations,
        default: minIterations,
        about: 'how slow a guess is made, up to 16384',
      },
    },
    notes: 'What is kept is good to check the password, and not to log in. A broker that runs is told with kafka-configs.',
    run: async (values, context) => (await load()).setUser(values, context),
  }),
  command({
    name: 'users delete',
    about: 'take a SCRAM credential away',
    options: { dir, user, mechanism: { takes: 'text', choices: [...scramMechanisms], required: true, about: 'which one' } },
    run: async (values, context) => (await load()).deleteUser(values, context),
  }),
]
