import { type BodyOf, body, i64 } from '../json/shape.js'

/** Version of a table of configuration (Apache: DataVersion). The counter decides, then the timestamp. */
export const DataVersion = body({ counter: i64(), stateVersion: i64(), timestamp: i64() })
export type DataVersion = BodyOf<typeof DataVersion>
