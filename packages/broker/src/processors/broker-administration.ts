import { DataVersion, KVTable, ok, type Processors, ResponseCode, refuse } from '@rockhopper/remoting'
import { BROKER_VERSION_DESC } from '../broker-version.js'
import { CONFIG, type ConfigKey, changeConfig, type LiveChange } from '../config.js'
import { type ConfigRow, parseValue } from '../config-rows.js'
import { nearestKey, readProperties, writeProperties } from '../properties-file.js'
import type { AdminParts } from './all.js'
import { timerInfo } from './timer-administration.js'

/** Codes 25, 26, 28, 43, 45, 306 and 329: the broker as a whole. */
export function brokerAdministration(parts: AdminParts): Processors {
  const { clock, config, offsets, schedule, topics } = parts
  const version: DataVersion = { counter: 0, stateVersion: 0, timestamp: clock.now() }
  let changes = 0
  return {
    GET_BROKER_CONFIG: () => {
      const header = { version: DataVersion.encode({ ...version, counter: changes }).toString() }
      return ok(header, Buffer.from(writeProperties(Object.entries(config))))
    },
    UPDATE_BROKER_CONFIG: async (_header, { body }) => {
      const read = readChanges(body?.toString('utf8') ?? '')
      if ('code' in read) return refuse(read.code, read.remark)
      for (const change of read) changeConfig(config, change)
      changes += read.length
      // The permission of the broker is part of its routes.
      await topics.onChange('permission')
      return ok()
    },
    GET_BROKER_RUNTIME_INFO: async () => ok({}, KVTable.encode({ table: await runtimeInfo(parts) })),
    CLEAN_EXPIRED_CONSUMEQUEUE: () => {
      parts.store.cleanExpiredQueues()
      return ok()
    },
    DELETE_EXPIRED_COMMITLOG: () => {
      parts.store.deleteExpiredFiles()
      return ok()
    },
    GET_ALL_CONSUMER_OFFSET: () => ok({}, offsets.encode()),
    GET_ALL_DELAY_OFFSET: () => ok({}, schedule.encode()),
  }
}

/** All changes or none. Only keys that are marked live: no addresses, no paths. */
function readChanges(text: string): LiveChange[] | { code: number; remark: string } {
  const changes: LiveChange[] = []
  for (const [key, value] of readProperties(text)) {
    const row: ConfigRow | undefined = Object.hasOwn(CONFIG, key) ? CONFIG[key as ConfigKey] : undefined
    if (row === undefined) {
      const remark = `no configuration key ${key}; did you mean ${nearestKey(key, Object.keys(CONFIG))}?`
      return { code: ResponseCode.INVALID_PARAMETER, remark }
    }
    if (!row.live)
      return { code: ResponseCode.NO_PERMISSION, remark: `Can not update config ${key} of a running broker.` }
    const parsed = parseValue(row, value)
    if ('reason' in parsed)
      return { code: ResponseCode.INVALID_PARAMETER, remark: `${key}=${value} ${parsed.reason}` }
    changes.push({ key: key as ConfigKey, value: parsed.value })
  }
  return changes
}

/** remoting.md section 33.3. Numbers this broker does not have are left out rather than made up. */
async function runtimeInfo(parts: AdminParts): Promise<Map<string, string>> {
  const { config, disk, schedule, stats, store } = parts
  const space = disk.space(config.storePathRootDir)
  const use = store.diskUse()
  const { placed, written, synced } = store.watermarks
  const three = (rate: number) => Array(3).fill(rate.toFixed(2)).join(' ')
  const table: Record<string, unknown> = {
    brokerActive: store.state.kind === 'open',
    brokerVersionDesc: BROKER_VERSION_DESC,
    bootTimestamp: stats.startedAt,
    runtime: `[ ${Math.floor(stats.uptimeMs / 1_000)} seconds ]`,
    msgPutTotalYesterdayMorning: 0,
    msgPutTotalTodayMorning: 0,
    msgPutTotalTodayNow: stats.puts.total,
    msgGetTotalYesterdayMorning: 0,
    msgGetTotalTodayMorning: 0,
    msgGetTotalTodayNow: stats.gets.total,
    putMessageTimesTotal: stats.puts.total,
    putTps: three(stats.puts.rate()),
    getFoundTps: three(stats.gets.rate()),
    getTotalTps: three(stats.gets.rate()),
    getTransferredTps: three(stats.gets.rate()),
    getTransferedTps: three(stats.gets.rate()),
    commitLogMinOffset: store.minPhysicalOffset,
    commitLogMaxOffset: store.maxPhysicalOffset,
    commitLogDiskRatio: use.commitLog,
    [`commitLogDiskRatio_${config.storePathRootDir}/commitlog`]: use.commitLog,
    consumeQueueDiskRatio: use.consumeQueue,
    commitLogDirCapacity: `Total : ${readableSize(space.total)}, Free : ${readableSize(space.free)}.`,
    earliestMessageTimeStamp: await store.earliestTime(),
    remainHowManyDataToCommit: readableSize(placed - written),
    remainHowManyDataToFlush: readableSize(written - synced),
    dispatchBehindBytes: 0,
    sendThreadPoolQueueSize: parts.tickets.outstanding,
    pullThreadPoolQueueSize: parts.arrivals.waiting,
    // Requests are served in the turn they arrive in: nothing stands in a queue.
    sendThreadPoolQueueHeadWaitTimeMills: 0,
    pullThreadPoolQueueHeadWaitTimeMills: 0,
    queryThreadPoolQueueHeadWaitTimeMills: 0,
    pageCacheLockTimeMills: Math.floor(store.writingMs),
    ...(await timerInfo(parts)),
  }
  for (const { level, maxOffset, nextOffset } of schedule.progress()) {
    table[`scheduleMessageOffset_${level}`] = `${nextOffset},${maxOffset}`
  }
  return new Map(Object.entries(table).map(([key, value]) => [key, String(value)]))
}

/** Bytes as Apache shows them, in powers of 1024 (MixAll#humanReadableByteCount). */
function readableSize(size: number): string {
  if (size < 1_024) return `${size} B`
  const power = Math.min(6, Math.floor(Math.log(size) / Math.log(1_024)))
  return `${(size / 1_024 ** power).toFixed(1)} ${'KMGTPE'[power - 1]}iB`
}
