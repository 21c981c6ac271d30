/** What Elasticsearch said about one line of a bulk request. */
export interface BulkItem {
  readonly status: number
  readonly error?: { readonly type: string; readonly reason?: string | null | undefined } | undefined
}

export type ItemVerdict =
  | { readonly kind: 'stored' }
  | { readonly kind: 'repeated' }
  | { readonly kind: 'later'; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string }

/**
 * A 400 of these kinds is about the cluster, for example that it has no room for the shards of a new day.
 * Such a line is as good as any, and waits.
 */
const ABOUT_THE_CLUSTER = new Set(['validation_exception', 'cluster_block_exception'])

/** Each line is judged by itself: one that Elasticsearch will never take does not hold up the others. */
export function verdictOn({ status, error }: BulkItem): ItemVerdict {
  if (status < 300) return { kind: 'stored' }
  // `create` of an id that is there: the line came before, and is kept.
  if (status === 409) return { kind: 'repeated' }
  const why = `${status} ${error?.type ?? ''}: ${error?.reason ?? ''}`
  if (status === 400 && !ABOUT_THE_CLUSTER.has(error?.type ?? '')) return { kind: 'refused', why }
  return { kind: 'later', why }
}
