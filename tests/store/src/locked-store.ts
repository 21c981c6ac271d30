import { createNodeEnv } from '@rockhopper/env'
import { createMessageStore } from '@rockhopper/store'

/**
 * A process that opens a store, says so on standard output and keeps it until its standard input ends:
 * `node locked-store.js DIRECTORY [PID]`. PID is what it believes its process id to be, as in a container.
 */
const [directory = '', pid = String(process.pid)] = process.argv.slice(2)
const silent = (): void => undefined
const env = createNodeEnv({ log: { info: silent, warn: silent, error: silent } })
const store = createMessageStore({
  env: { ...env, host: { ...env.host, pid: Number(pid) } },
  config: {
    storePathRootDir: directory,
    mappedFileSizeCommitLog: 64 * 1024,
    mappedFileSizeConsumeQueue: 2_000,
    maxHashSlotNum: 64,
    maxIndexNum: 100,
  },
})
try {
  await store.start()
  console.log('open')
  process.stdin.resume()
  await new Promise((resolve) => process.stdin.once('end', resolve))
  await store.stop()
} catch (error) {
  console.log(String(error))
  process.exitCode = 1
}
