/** Whose clients a scenario runs: ours, or official ones of Apache. */
export type Side = 'ours' | 'official'
export type Servers = 'ours' | 'apache'

export interface Feature {
  /** As the page says it. */
  readonly title: string
  /** Its scenarios, in src/scenarios. */
  readonly file: string
  /** Why a cell holds nothing, by `side/servers`; every other cell must be green. */
  readonly without?: Readonly<Partial<Record<Cell, string>>>
}

export type Cell = `${Side}/${Servers}`
export const CELLS: readonly Cell[] = ['ours/ours', 'official/ours', 'ours/apache', 'official/apache']

const features = <T extends Readonly<Record<string, Feature>>>(
  table: T,
): Readonly<Record<keyof T, Feature>> => table

/** Apache's Go client has no such consumer either. */
const OURS_PULLS = 'our push consumer pulls; `SimpleConsumer` pops'

const OWN_HOOKS = 'each client has its own'

/** A row each of docs/compatibility.md. */
export const FEATURES = features({
  send: { title: 'Send, synchronous and asynchronous; properties of every kind', file: 'send-and-receive' },
  batch: { title: 'Batches', file: 'send-and-receive' },
  oneway: { title: 'One-way sends', file: 'send-and-receive' },
  ordered: { title: 'Order per sharding key, also when a message fails in place', file: 'order' },
  zones: {
    title: 'Machine rooms and zones: where producers send, what members take; consistent hashes',
    file: 'zones',
  },
  retry: { title: 'Retry by level, attempts per group, dead letters, read and sent again', file: 'retry' },
  delayLevels: { title: 'Delay levels', file: 'delay-levels' },
  recall: { title: 'Recall of a message before its time', file: 'recall' },
  timed: { title: 'Messages with a time of their own', file: 'timer' },
  timedFar: { title: 'Times beyond three days, when the broker is configured so', file: 'timer-limit' },
  transactions: { title: 'Transactions: commit, rollback, checks', file: 'transactions' },
  tags: { title: 'Filters by tags', file: 'tags' },
  sql92: { title: 'Filters by SQL92 expressions', file: 'sql92' },
  requestReply: { title: 'Request and reply', file: 'request-reply' },
  rebalance: { title: 'Members of a group share the queues', file: 'groups' },
  broadcast: { title: 'Broadcasting', file: 'groups' },
  litePull: { title: 'Lite pull: assign, subscribe, seek, offsets by time, commit', file: 'lite-pull' },
  pop: {
    title: 'POP: receive, acknowledge alone and in batches, change invisible time, revive',
    file: 'pop',
  },
  popPush: {
    title: 'A push consumer that pops, by its request mode',
    file: 'pop-push',
    without: { 'ours/ours': OURS_PULLS, 'ours/apache': OURS_PULLS },
  },
  consumeFrom: { title: 'Consume from first, last and timestamp', file: 'consume-from' },
  offsets: { title: 'Offsets: smallest, largest, by time, committed; pulls by offset', file: 'offsets' },
  query: { title: 'Messages by id, by key and by offset id', file: 'query' },
  priority: { title: 'Priority messages', file: 'priority' },
  compression: { title: 'Compressed bodies: zlib, LZ4, zstd', file: 'compression' },
  limits: { title: 'Bodies up to 4 MiB', file: 'limits' },
  refusals: { title: 'Wrong requests: the same codes and kinds of remarks', file: 'refused-requests' },
  runningInfo: { title: 'Running info of a consumer', file: 'consumer-commands' },
  consumeDirectly: { title: 'A consumer consumes one message directly', file: 'consumer-commands' },
  offsetReset: { title: 'Offset reset by time, online and offline', file: 'consumer-commands' },
  cloneOffsets: { title: 'Offsets of a group cloned for another', file: 'clone-offsets' },
  trace: { title: 'Message traces', file: 'tracing' },
  hooks: {
    title: 'Hooks for tracing and metrics see sends, calls and retries',
    file: 'hooks',
    without: { 'official/ours': OWN_HOOKS, 'official/apache': OWN_HOOKS },
  },
})

export type FeatureId = keyof typeof FEATURES
