/** What `node --cpu-prof` writes (the Profile of the DevTools protocol), as far as it is used. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children?: readonly number[]
}

export interface Sample {
  /** Callers first. */
  readonly stack: readonly ProfileNode[]
  readonly us: number
}

const NOT_BUSY = new Set(['(idle)', '(program)', '(root)'])

/** What the process did when it was busy, without its first `ignoredMs`. */
export function* samplesOf({ nodes, samples, timeDeltas }: CpuProfile, ignoredMs: number): Generator<Sample> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])))
  let sinceStartUs = 0
  for (const [i, id] of samples.entries()) {
    const us = timeDeltas[i] ?? 0
    sinceStartUs += us
    const leaf = byId.get(id)
    if (leaf === undefined || sinceStartUs < ignoredMs * 1_000) continue
    if (NOT_BUSY.has(leaf.callFrame.functionName)) continue
    const stack: ProfileNode[] = []
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const node = byId.get(at)
      if (node !== undefined && !NOT_BUSY.has(node.callFrame.functionName)) stack.unshift(node)
    }
    yield { stack, us }
  }
}

/** `place (store/commit-log)`: a function and the file it is in, without where the checkout lies. */
export function frameName({ callFrame: { functionName, url } }: ProfileNode): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  if (url === '') return name
  const ours = /packages\/([a-z-]+)\/dist\/(?:.*\/)?([a-z0-9-]+)\.js$/.exec(url)
  if (ours !== null) return `${name} (${ours[1]}/${ours[2]})`
  return `${name} (node/${url.replace('node:', '').split('/').at(-1)})`
}

export interface Costly {
  readonly name: string
  /** Of the busy time, in the function itself. */
  readonly share: number
}

/** The functions in which most of the busy time is spent, the costliest first. */
export function costliest(profile: CpuProfile, ignoredMs: number, count: number): Costly[] {
  const own = new Map<string, number>()
  let total = 0
  for (const { stack, us } of samplesOf(profile, ignoredMs)) {
    const leaf = stack.at(-1)
    if (leaf === undefined) continue
    own.set(frameName(leaf), (own.get(frameName(leaf)) ?? 0) + us)
    total += us
  }
  return [...own]
    .sort((a, b) => b[1] - a[1])
    .slice(0, count)
    .map(([name, us]) => ({ name, share: us / total }))
}
