import { json, string } from '@millrace/core'
import { minutes, session, StreamsBuilder, windowed, type Topology, type TopicSerdes, type Windowed } from '@millrace/streams'

/** Names the application in the log and its folder under the state directory. */
export const applicationId = 'page-sessions'

/** A page view: the path of the page. The key is the visitor. */
export type Page = string

/** What a visitor saw without a longer pause. */
export interface Visit {
  readonly pages: number
  /** Each page once, by name. */
  readonly seen: readonly Page[]
}

/** Whoever does nothing for half an hour has left. Views may come ten minutes late. */
const visit = session({ gap: minutes(30), grace: minutes(10) })

export const views: TopicSerdes<string, Page> = { key: string, value: string }
export const visits: TopicSerdes<Windowed<string>, Visit> = { key: windowed(string, visit), value: json<Visit>() }

export function pageSessions(): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream('views', views)
    .groupByKey()
    .windowedBy(visit)
    .aggregate({
      store: 'open-visits',
      value: visits.value,
      initial: () => ({ pages: 0, seen: [] }),
      add: (total, page) => together(total, { pages: 1, seen: [page] }),
      merge: together, // a view that comes late may lie between two sessions, and make one of them
    })
    .emitFinal() // a visit is told once, when it is over
    .to('visits', visits)
  return builder.build()
}

function together(a: Visit, b: Visit): Visit {
  return { pages: a.pages + b.pages, seen: [...new Set([...a.seen, ...b.seen])].toSorted() }
}
