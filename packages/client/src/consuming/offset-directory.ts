import { DiskError, type DiskLock, type Env } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import type { ConsumerSettings } from './consumer-settings.js'

type Named = Pick<ConsumerSettings, 'consumerGroup' | 'offsetStoreDir' | 'offsetOwner'>

/** Where a broadcasting member keeps its offsets (Apache: LocalFileOffsetStore). */
export function offsetDirectory({ host }: Pick<Env, 'host'>, settings: Named): string {
  const root = settings.offsetStoreDir ?? `${host.homeDirectory}/.rocketmq_offsets`
  return `${root}/${settings.offsetOwner}/${settings.consumerGroup}`
}

/**
 * Keeps other members on this host away from the offsets of a broadcasting member: two would overwrite each
 * other's. Rejects with MqError ARGUMENT_ILLEGAL when one has them. Resolves with undefined where the disk
 * lets nobody lock: such a member keeps no offsets either, and the log says so.
 */
export async function lockOffsets(
  env: Pick<Env, 'disk' | 'host' | 'log'>,
  settings: Named,
): Promise<DiskLock | undefined> {
  const { consumerGroup } = settings
  const directory = offsetDirectory(env, settings)
  let lock: DiskLock | undefined
  try {
    env.disk.makeDirectory(directory)
    lock = await env.disk.acquireLock(directory)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    env.log.warn('client.offset.notLocked', { consumerGroup, directory, error })
    return undefined
  }
  if (lock !== undefined) return lock
  const what = `Starting a broadcasting consumer of '${consumerGroup}'`
  const why = `another member on this host keeps its offsets in ${directory}`
  throw new MqError('ARGUMENT_ILLEGAL', `${what}: ${why}; set instanceName to tell the two apart`)
}
