import { expect, test } from '@jest/globals'
import { type BulkItem, type ItemVerdict, verdictOn } from './bulk-verdict.js'

const failed = (status: number, type: string): BulkItem => ({ status, error: { type, reason: 'so' } })

test.each<[string, BulkItem, ItemVerdict['kind']]>([
  ['a new line is stored', { status: 201 }, 'stored'],
  ['an id that is there is a repeat', failed(409, 'version_conflict_engine_exception'), 'repeated'],
  ['a full queue is for later', failed(429, 'es_rejected_execution_exception'), 'later'],
  ['a shard that is away is for later', failed(503, 'unavailable_shards_exception'), 'later'],
  ['a line that does not fit its mapping is refused', failed(400, 'document_parsing_exception'), 'refused'],
  ['no room for the shards of a new day is for later', failed(400, 'validation_exception'), 'later'],
  ['a full disk is for later', failed(403, 'cluster_block_exception'), 'later'],
])('%s', (_, item, kind) => {
  expect(verdictOn(item).kind).toBe(kind)
})
