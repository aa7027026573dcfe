import { command, type Command } from '../command.ts'
import { json } from '../shared-options.ts'

/** The topics of a stopped Kafka. */
export const adopt: Command = command({
  name: 'adopt',
  about: 'take over the topics of a stopped Kafka: all of them or none',
  options: {
    dir: { takes: 'text', shown: 'DIR', required: true, about: 'the data directory that takes them; made when it is missing' },
    from: { takes: 'text', shown: 'DIR', required: true, about: 'a log directory of the Kafka (log.dirs); it is only read' },
    topic: { takes: 'list', shown: 'TOPIC', about: "only these; all but Kafka's own if not said" },
    config: { takes: 'list', shown: 'TOPIC:NAME=VALUE', about: 'a setting of a topic, since Kafka keeps them elsewhere' },
    groups: { takes: 'flag', about: 'the offsets that groups have committed, too' },
    'cut-torn': { takes: 'flag', about: 'take a Kafka that was not stopped cleanly, without the torn ends of its segments' },
    json,
  },
  run: async (values, context) => (await import('../run-adopt.ts')).runAdopt(values, context),
})
