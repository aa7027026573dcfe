import { embeddedLog } from '@millrace/core'
import { openAirports } from './airports.ts'
import { report } from './failure.ts'
import { openFlights } from './flights.ts'
import { ingest } from './ingest.ts'
import { readOptions, usage, type Options } from './options.ts'
import { beginAnew, placeOf } from './place.ts'
import { asJsonLines, print } from './print.ts'
import type { Screen } from './progress.ts'
import { readOutput } from './read-output.ts'
import { runTopology } from './run-topology.ts'
import { show } from './show.ts'
import { stage } from './stage.ts'
import { createTopics } from './topics.ts'

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options.help) return print([usage], process.stdout)

  const place = placeOf(options.data)
  if (options.fresh) await beginAnew(place)
  await using log = await embeddedLog({ dir: place.log })
  await createTopics(log.admin)

  // First everything that there is to read is put into the log, exactly once ...
  const airports = await openAirports()
  await ingest(log, airports)
  const flights = await openFlights(options)
  const [total, screen] = [flights.lines, screenFor(options)]
  const read = await stage({ what: 'Read', total, screen }, (update) => ingest(log, flights, update))

  // ... then the topology runs over it, to its end ...
  const computed = await stage({ what: 'Computed', total, screen }, async (update) => {
    const share = await runTopology(log, place.state, (processed) => update(Math.round(processed * total)))
    return Math.round(share * total)
  })

  // ... and what it wrote is read back, as any other reader of the topic sees it.
  const rows = await readOutput(log)
  await print(options.json ? asJsonLines(rows) : [show(rows, [read, computed], place)], process.stdout)
}

/** With `--json` the output is for a program; only someone who watches is shown a bar then. */
function screenFor({ json }: Options): Screen | undefined {
  return json && !process.stderr.isTTY ? undefined : process.stderr
}

try {
  await main()
} catch (error) {
  report(error)
}
