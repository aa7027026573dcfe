import { command, type Command } from '../command.ts'
import { place } from '../shared-options.ts'

/** Records from lines of text or JSON. */
export const produce: Command = command({
  name: 'produce',
  about: 'append records to a topic, one for each line of standard input or of a file',
  options: {
    ...place,
    topic: { takes: 'text', shown: 'TOPIC', required: true, about: 'where to' },
    partition: { takes: 'number', about: 'into this partition, instead of that of the key' },
    file: { takes: 'text', shown: 'FILE', about: 'lines of this file instead of standard input' },
    json: { takes: 'flag', about: 'each line is a record as `millrace consume --json` prints it; only value is needed' },
    'reader-property': {
      takes: 'list',
      shown: 'NAME=VALUE',
      also: ['property'],
      about:
        'parse.key=true, key.separator (tab), parse.headers=true, headers.delimiter (tab), headers.separator (,), headers.key.separator (:), null.marker',
    },
    'compression-codec': {
      takes: 'text',
      choices: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
      default: 'none',
      about: 'how batches are compressed',
    },
  },
  notes:
    'A line of text is headers, key and value, as far as they are asked for: `h1:v1,h2:v2<tab>key<tab>value`. A line of JSON is\n' +
    '`{"key":…,"value":…,"headers":[["name","value"]],"timestamp":…,"partition":…}`. Text is UTF-8, `{"base64":…}` is bytes, null is null,\n' +
    'and any other value is written as JSON. At the first line that cannot be read it stops, and says which one: those before are kept.',
  run: async (values, context) => (await import('../run-produce.ts')).runProduce(values, context),
})
