import type { Given } from '../../running/fill-topic.ts'
import type { Page } from './topology.ts'

const morning = Date.UTC(2026, 0, 1, 9)

/** In the order in which they come; the view at 9:25 of Bo is late, and lies between his others. */
export const input: readonly Given<string, Page>[] = [
  view('ada', 0, '/'),
  view('bo', 2, '/'),
  view('ada', 4, '/mills'),
  view('cy', 5, '/prices'),
  view('ada', 10, '/mills/7'),
  view('bo', 34, '/order'),
  view('bo', 25, '/mills/7'),
  view('ada', 41, '/'), // 31 minutes later: another visit
  view('cy', 35, '/order'), // 30 minutes later: the same one
  view('ada', 47, '/prices'),
  view('bo', 120, '/'),
]

function view(key: string, minute: number, value: Page): Given<string, Page> {
  return { key, value, timestamp: morning + minute * 60_000 }
}
