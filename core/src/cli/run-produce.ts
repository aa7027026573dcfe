import type { AppendOptions, Producer } from '../client/producer.ts'
import type { CompressionName } from '../record/compression.ts'
import type { Bytes } from '../base/bytes.ts'
import type { CommandContext, ExitCode } from './command.ts'
import { foundTopics } from './found-topics.ts'
import { jsonRecord, textReader } from './line-records.ts'
import { linesOf } from './lines.ts'
import { namedValues } from './named-values.ts'
import { readText } from './read-text.ts'
import { UsageError } from './usage-error.ts'
import { withLog, type Place } from './with-log.ts'

interface ProduceValues extends Place {
  readonly topic: string
  readonly partition: number | undefined
  readonly file: string | undefined
  readonly json: boolean
  readonly 'reader-property': readonly string[]
  readonly 'compression-codec': CompressionName
}

/** What a line says. */
export interface LineRecord {
  readonly key: Bytes
  readonly value: Bytes
  readonly options: AppendOptions
}

/** @throws UsageError with the number of the line that cannot be read */
export function runProduce(values: ProduceValues, context: CommandContext): Promise<ExitCode> {
  const { topic, file } = values
  const properties = namedValues('reader-property', values['reader-property'])
  const read = values.json ? jsonRecord : textReader(properties)
  if (values.json && values['reader-property'].length > 0)
    throw new UsageError('--reader-property is for lines of text, not for --json')
  const lines = file === undefined ? linesOf(context.input) : linesOf([Buffer.from(readText(context.world.disk, file))])
  return withLog(values, context, async (log) => {
    await foundTopics(log.admin, [topic])
    const producer = await log.producer({ compression: values['compression-codec'] })
    let count = 0
    try {
      for await (const line of lines) {
        await appendLine(producer, values, () => read(line), count + 1)
        count++
      }
    } finally {
      await producer.flush()
      context.err(`${count} record${count === 1 ? '' : 's'} appended to ${topic}`)
    }
  })
}

async function appendLine(producer: Producer, values: ProduceValues, read: () => LineRecord, number: number): Promise<void> {
  const { topic, partition } = values
  const { key, value, options } = atLine(read, number)
  const room = producer.append(topic, key, value, partition === undefined ? options : { ...options, partition })
  if (!room) await producer.ready()
}

function atLine(read: () => LineRecord, number: number): LineRecord {
  try {
    return read()
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`line ${number}: ${error.message}`, { cause: error })
    throw error
  }
}
