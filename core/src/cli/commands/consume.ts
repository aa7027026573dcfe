import { command, type Command } from '../command.ts'
import { place } from '../shared-options.ts'

/** Records as lines of text or JSON. */
export const consume: Command = command({
  name: 'consume',
  about: 'print the records of a topic up to its end',
  options: {
    ...place,
    topic: { takes: 'text', shown: 'TOPIC', about: 'which topic' },
    include: { takes: 'text', shown: 'REGEX', about: 'all topics that match, instead of one' },
    partition: { takes: 'number', about: 'only this partition' },
    'from-beginning': { takes: 'flag', about: 'from where each partition starts' },
    'from-time': {
      takes: 'text',
      shown: 'TIME',
      about: 'from the first record at or after a time, 2026-01-31T12:00:00Z or milliseconds',
    },
    offset: { takes: 'text', shown: 'OFFSET', about: 'from an offset, earliest or latest' },
    group: { takes: 'text', shown: 'GROUP', about: 'from where a group stands, and commit what was printed' },
    'max-messages': { takes: 'number', minimum: 1, about: 'end after so many records' },
    follow: { takes: 'flag', about: 'wait for more at the end, until SIGINT or SIGTERM' },
    'timeout-ms': { takes: 'number', minimum: 1, about: 'end when nothing has come for so long; waits as --follow does' },
    'isolation-level': {
      takes: 'text',
      choices: ['read_committed', 'read_uncommitted'],
      default: 'read_committed',
      about: 'whether records of open and aborted transactions are left out',
    },
    json: { takes: 'flag', about: 'a line of JSON for each record' },
    'formatter-property': {
      takes: 'list',
      shown: 'NAME=VALUE',
      also: ['property'],
      about:
        'print.timestamp, print.partition, print.offset, print.headers, print.key (false), print.value (true), key.separator (tab), headers.separator (,), null.literal (null)',
    },
  },
  notes:
    'Without a place to begin (--from-beginning, --from-time, --offset, --group) it begins at the end, and then needs --follow. In JSON\n' +
    'text is UTF-8, and bytes that are none are `{"base64":…}`; `millrace produce --json` reads what it prints.',
  run: async (values, context) => (await import('../run-consume.ts')).runConsume(values, context),
})
