export {
  type DumpedIndexEntry,
  type DumpedUnit,
  dumpIndex,
  dumpLog,
  dumpQueue,
  type RecordFilter,
} from './dump-log.js'
export { FINDINGS, type Finding, type FindingCode, type Severity } from './finding.js'
export { type RebuildOptions, type Rebuilt, rebuildStore } from './rebuild-store.js'
export {
  type InspectEnv,
  type InspectOptions,
  isStoreFree,
  openStoreDirectory,
  type StoreDirectory,
} from './store-directory.js'
export type { StoreSizes } from './store-sizes.js'
export { type StoreSummary, summarizeStore } from './store-summary.js'
export { type Verified, type VerifyOptions, verifyStore } from './verify-store.js'
