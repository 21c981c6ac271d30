import type { estypes } from '@elastic/elasticsearch'

/** Longer words are kept, but not searched by: a term of Lucene's ends at 32,766 bytes. */
const WORD_LENGTH_MAX = 1_024

/**
 * Fields of a line in Elasticsearch. What services say beside them goes into one `flattened` field: each of
 * its leaves can be searched for, and no service can fill the mapping with names.
 */
export const LINE_MAPPINGS: estypes.MappingTypeMapping = {
  dynamic: false,
  properties: {
    id: { type: 'keyword' },
    at: { type: 'date', format: 'epoch_millis' },
    level: { type: 'keyword', ignore_above: WORD_LENGTH_MAX },
    service: { type: 'keyword', ignore_above: WORD_LENGTH_MAX },
    message: { type: 'text' },
    durationMs: { type: 'double' },
    fields: { type: 'flattened', ignore_above: WORD_LENGTH_MAX },
  },
}
