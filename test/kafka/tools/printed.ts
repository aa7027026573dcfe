import type { ToolEnd } from '../kafka-driver.ts'

type Rule = (text: string) => string

export type RuleName =
  | 'places'
  | 'ids'
  | 'members'
  | 'widths'
  | 'harness'
  | 'order'
  | 'synonyms'
  | 'tiers'
  | 'wording'
  | 'internal'
  | 'features'
  | 'apis'
  | 'numbers'
  | 'times'
  | 'speeds'
  | 'progress'
  | 'sizes'

const replaced =
  (pattern: RegExp, by: string): Rule =>
  (text) =>
    text.replaceAll(pattern, by)

/** What two servers cannot have in common, by why. */
const rules: Readonly<Record<RuleName, Rule>> = {
  /** Where it listens, and where its data is. */
  places: replaced(/(127\.0\.0\.1|localhost)[: ]\d+|"logDir":"[^"]*"/g, 'PLACE'),
  /** Ids that a server makes up: of topics, and with the cluster. */
  ids: replaced(/(?<=TopicId: )\S+|(?<=Cluster ?I[Dd]: +)\S+/g, 'ID'),
  /** A tool makes up the name of its member. */
  members: replaced(/\b[a-z-]+-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b/g, 'MEMBER'),
  /** Columns are as wide as what stands in them. */
  widths: (text: string) => text.replaceAll(/ +/g, ' ').replaceAll(/[ \t]+$/gm, ''),
  /** The broker of the harness says so, where a log says nothing. */
  harness: (text: string) =>
    text
      .replaceAll(/\b(min\.insync\.replicas=1|retention\.ms=(-1|604800000)|message\.timestamp\.after\.max\.ms=\d+)( |,|$)/gm, '')
      .replaceAll(/,$|^.*=\{DYNAMIC_DEFAULT_BROKER_CONFIG.*$/gm, ''),
  /** Whose row comes first is not said. */
  order: (text: string) =>
    text
      .split('\n')
      .map((line) => line.trimEnd())
      .toSorted()
      .join('\n'),
  /** Under which names of a broker's settings defaults are found, where such a name is not set; and in hours or milliseconds. */
  synonyms: replaced(/ synonyms=\{.*\}$/gm, ''),
  /** Settings of tiers, and of copying between brokers, which a log of one node does not have. */
  tiers: replaced(/^ +((follower|leader)\.replication\.throttled|local\.retention|remote\.log)\..*\n/gm, ''),
  /** Why something is refused is said in words of our own; the error is the same. */
  wording: replaced(/(?<=(command : |Exception: |Can not upgrade \S+ to \d\. )).*/g, 'WHY'),
  /** Our internal topics are there from the beginning, Kafka's when they are first used; and we have one more. */
  internal: replaced(/^Dynamic configs for topic __\w+ are:\n( .*(\n|$))*/gm, ''),
  /** Features that nobody has here, and how often they were changed. */
  features: replaced(/^Feature: (?!transaction\.version|group\.version)\S+\s.*\n?|Epoch: \d+/gm, ''),
  /** APIs that are not served: delegation tokens, voters and brokers that go, share groups, streams groups. */
  apis: replaced(/^\t\w+\((3[89]|4[01]|64|7[6-9]|8\d|9\d)\): .*\n?/gm, ''),
  numbers: replaced(/-?\b\d+([.,]\d+)*\b/g, 'N'),
  times: replaced(/\b1[6-9]\d{11}\b/g, 'TIME'),
  speeds: replaced(/(?<="(avg|target)_throughput":)[\d.-]+/g, 'SPEED'),
  /** How often it looks, and when. */
  progress: replaced(/^.*"stage":"ProcessLoop".*\n|(?<="time":)"[^"]*"/gm, ''),
  sizes: replaced(/(?<="size":)\d+/g, 'SIZE'),
}

const always: readonly RuleName[] = ['places', 'ids', 'members']

/** Where an exception comes from; what the harness ends a tool with, since the process goes on; and the log of a process of its own. */
const ofJava = /^\t(at|\.\.\.) .*\n|^(null\n)?Tools\$Exited\n?|^\[20.*\] WARN .*\n?/gm

/** What a tool has printed, without what is another on each server. */
export function printed({ code, stdout, stderr }: ToolEnd, more: readonly RuleName[] = []): readonly string[] {
  const plain = (text: string): string =>
    [...always, ...more, 'widths' as const].reduce((done, rule) => rules[rule](done), text.replaceAll(ofJava, '')).trimEnd()
  return [`ends with ${code}`, ...plain(stdout).split('\n'), '--', ...plain(stderr).split('\n')]
}
