import { command, type Command } from '../command.ts'

/** A data directory on Kafka's wire protocol, until SIGINT or SIGTERM. */
export const broker: Command = command({
  name: 'broker',
  about: "serve a data directory to Kafka's clients and tools until SIGINT or SIGTERM",
  options: {
    dir: { takes: 'text', shown: 'DIR', required: true, about: 'the data directory; made when it is missing' },
    listen: {
      takes: 'list',
      shown: '[NAME://]HOST:PORT',
      about:
        'where clients connect, 127.0.0.1:9092 if not said; port 0 takes a free one; SSL://, SASL_PLAINTEXT:// and SASL_SSL:// as --config says',
    },
    config: { takes: 'text', shown: 'FILE', about: "a file of properties with Kafka's names (server.properties)" },
    insecure: { takes: 'flag', about: 'take listeners that others reach without authentication, and PLAIN without TLS' },
  },
  notes:
    'When it is ready it prints one line with the places where it listens. To stop, it answers the requests in hand, then closes the\n' +
    'log. Topics are made by being used, with num.partitions partitions, unless auto.create.topics.enable=false.',
  run: async (values, context) => (await import('../run-broker.ts')).runBroker(values, context),
})
