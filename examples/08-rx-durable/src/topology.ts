import { json, string } from '@millrace/core'
import {
  millis,
  seconds,
  StreamsBuilder,
  tumbling,
  windowed,
  type Topology,
  type TopicSerdes,
  type Windowed,
} from '@millrace/streams'
import { filter, map } from '@millrace/streams/rx'
import { reduce, timeInterval } from 'rxjs'

/** Names the application in the log and its folder under the state directory. */
export const applicationId = 'rx-durable'

export interface Search {
  /** Of the visitor, from 1. */
  readonly number: number
  readonly text: string
}

/** How somebody types. */
export interface Typing {
  readonly keys: number
  readonly longestPauseMs: number
}

const tenSeconds = tumbling({ size: seconds(10), grace: seconds(1) })

/** What stands in the search field after each key that is hit. The key of the record is the visitor. */
export const typed: TopicSerdes<string, string> = { key: string, value: string }
export const searches: TopicSerdes<string, Search> = { key: string, value: json<Search>() }
export const typing: TopicSerdes<Windowed<string>, Typing> = { key: windowed(string, tenSeconds), value: json<Typing>() }

export function rxDurable(): Topology {
  const builder = new StreamsBuilder()
  const fields = builder.stream('typed', typed)

  fields
    .pipe(
      map((text) => text.trim().toLowerCase()),
      filter((text) => text.length >= 3),
    )
    // Names and marbles of RxJS; but each visitor has a state of their own, in a store, and the clock is that of the records.
    .debounceTime({ store: 'fields', value: string, time: millis(500) })
    .distinctUntilChanged({ store: 'last-searches', value: string })
    .scan({
      store: 'search-numbers',
      value: json<Search>(),
      initial: () => ({ number: 0, text: '' }),
      add: ({ number }, text) => ({ number: number + 1, text }),
    })
    .to('searches', searches)

  // Within a window any pipeline of RxJS may run, in virtual time, when the window is closed.
  fields
    .windowed(tenSeconds, { store: 'keys', value: string }, (keys, { scheduler }) =>
      keys.pipe(
        timeInterval(scheduler),
        reduce(
          ({ keys: before, longestPauseMs }, { interval }) => ({
            keys: before + 1,
            // Before the first key lies the beginning of the window, which is no pause.
            longestPauseMs: before === 0 ? 0 : Math.max(longestPauseMs, interval),
          }),
          { keys: 0, longestPauseMs: 0 } as Typing,
        ),
      ),
    )
    .to('typing', typing)

  return builder.build()
}
