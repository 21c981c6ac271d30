export { type Deadline, Deadlines } from './deadlines.js'
export { DiskError } from './disk-error.js'
export type {
  Cancel,
  Clock,
  Codec,
  Compute,
  ConnectOptions,
  ConnectTls,
  Disk,
  DiskFile,
  DiskLock,
  DiskSpace,
  Env,
  Host,
  Listener,
  ListenOptions,
  Log,
  Net,
  Random,
  Socket,
} from './env.js'
export { type SyncCodec, syncCodec } from './node/codecs.js'
export { createNodeEnv, type NodeEnvOptions } from './node/node-env.js'
