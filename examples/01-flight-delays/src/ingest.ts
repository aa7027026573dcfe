import type { LogClient } from '@millrace/core'
import { ExampleError } from './failure.ts'
import { LineWriter } from './line-writer.ts'
import { readPosition } from './positions.ts'
import type { Source } from './source.ts'

/**
 * Puts the lines of a file into its topic, each exactly once, and says how many of them were new.
 *
 * A transaction holds lines and the position behind them: after a crash both are there, or neither. Opening the producer comes
 * first, because that ends whatever an earlier process may have left undecided; only then does the position stand still.
 */
export async function ingest<V>(
  log: LogClient,
  source: Source<V>,
  onProgress: (lines: number) => void = () => {},
): Promise<number> {
  await using producer = await log.producer({ transactionalId: `ingest-${source.topic}` })
  const position = (await readPosition(log, source.topic)) ?? { file: source.file, nextLine: 0 }
  if (position.file !== source.file) throw filledOtherwise(source, position.file)

  const writer = new LineWriter(producer, source, position.nextLine)
  for await (const block of source.from(position.nextLine)) {
    for (const line of block) {
      writer.append(line)
      if (writer.isFull) onProgress(await writer.commit())
    }
  }
  onProgress(await writer.finish())
  return source.lines - position.nextLine
}

function filledOtherwise({ topic, file }: Pick<Source<never>, 'topic' | 'file'>, before: string): ExampleError {
  return new ExampleError(
    `The topic ${topic} in this directory was filled from ${before}, not from ${file}, and holds one of them only. ` +
      `${before === 'flights-3m.parquet' ? 'Add' : 'Leave out'} --all, choose another directory with --data, or begin anew with --fresh.`,
  )
}
