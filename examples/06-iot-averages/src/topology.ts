import { float64, json, string } from '@millrace/core'
import {
  minutes,
  seconds,
  StreamsBuilder,
  tumbling,
  windowed,
  type Topology,
  type TopicSerdes,
  type Windowed,
} from '@millrace/streams'

/** Names the application in the log and its folder under the state directory. */
export const applicationId = 'iot-averages'

export interface Average {
  readonly readings: number
  /** Degrees. */
  readonly mean: number
}

interface Sum {
  readonly readings: number
  readonly degrees: number
}

/** A minute is complete half a minute after its end, by the newest reading of any sensor. */
const eachMinute = tumbling({ size: minutes(1), grace: seconds(30) })

/** Degrees. The key is the sensor. */
export const readings: TopicSerdes<string, number> = { key: string, value: float64 }
export const averages: TopicSerdes<Windowed<string>, Average> = { key: windowed(string, eachMinute), value: json<Average>() }

export function iotAverages(): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream('readings', readings)
    .groupByKey()
    .windowedBy(eachMinute)
    .aggregate({
      store: 'sums',
      value: json<Sum>(),
      initial: () => ({ readings: 0, degrees: 0 }),
      add: (sum, degrees) => ({ readings: sum.readings + 1, degrees: sum.degrees + degrees }),
    })
    .emitFinal()
    .mapValues((sum): Average => ({ readings: sum.readings, mean: sum.degrees / sum.readings }))
    .to('averages', averages)
  return builder.build()
}
