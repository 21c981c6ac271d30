import { join } from 'node:path'
import { Group, httpUrl, type ServiceSettings, SettingsError, wholeNumber } from '@rockhopper/logs-contracts'
import { ArchiveSink, type Refusals } from './archive-sink.js'
import { ElasticsearchSink } from './elasticsearch-sink.js'
import { LocalFolder } from './local-folder.js'
import type { LineSink } from './sink.js'
import type { SinkLoopOptions } from './sink-loop.js'
import { WebHdfsFolder } from './web-hdfs-folder.js'

export interface StorageSettings extends SinkLoopOptions {
  /** `http://host:9870` of the NameNode. */
  readonly webHdfsUrl: string | undefined
  readonly hdfsPath: string
  readonly elasticsearchUrl: string | undefined
  /** Indices are `<prefix>-<event day>`. */
  readonly indexPrefix: string
  readonly localPath: string
}

/** @throws SettingsError */
export function readStorageSettings(service: ServiceSettings, env = process.env): StorageSettings {
  const [, index = '0', count = '1'] = /^(\d+)\/(\d+)$/.exec(env['LOG_STORAGE_SHARE'] ?? '0/1') ?? []
  if (
    Number(count) < 1 ||
    Number(index) >= Number(count) ||
    !/^(\d+\/\d+)?$/.test(env['LOG_STORAGE_SHARE'] ?? '')
  )
    throw new SettingsError(
      `LOG_STORAGE_SHARE=${env['LOG_STORAGE_SHARE']}: want 0/3, 1/3, 2/3 for three instances`,
    )
  const hdfsPath = env['HDFS_PATH'] ?? '/logs'
  if (!hdfsPath.startsWith('/'))
    throw new SettingsError(`HDFS_PATH=${hdfsPath}: want an absolute path, as /logs`)
  const indexPrefix = env['ELASTICSEARCH_INDEX'] || 'rockhopper-log'
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(indexPrefix))
    throw new SettingsError(`ELASTICSEARCH_INDEX=${indexPrefix}: want a-z 0-9 _ -, as rockhopper-log`)
  return {
    namesrvAddr: service.namesrvAddr,
    share: { index: Number(index), count: Number(count) },
    messagesMax: wholeNumber('LOG_STORAGE_MESSAGES_MAX', { byDefault: 256, min: 1, max: 10_000 }, env),
    lingerMs: wholeNumber('LOG_STORAGE_LINGER_MS', { byDefault: 1_000, min: 0, max: 60_000 }, env),
    webHdfsUrl: httpUrl('WEBHDFS_URL', env),
    hdfsPath,
    elasticsearchUrl: httpUrl('ELASTICSEARCH_URL', env),
    indexPrefix,
    localPath: join(service.dataDir, 'archive'),
  }
}

/** Those that have an address; without any, a folder of this machine. */
export function sinksOf(settings: StorageSettings, refuse: Refusals): LineSink[] {
  const { webHdfsUrl, hdfsPath, elasticsearchUrl, indexPrefix, localPath } = settings
  const sinks: LineSink[] = []
  if (elasticsearchUrl !== undefined)
    sinks.push(new ElasticsearchSink(Group.STORAGE_ELASTICSEARCH, elasticsearchUrl, indexPrefix, refuse))
  if (webHdfsUrl !== undefined)
    sinks.push(new ArchiveSink('hdfs', Group.STORAGE_HDFS, new WebHdfsFolder(webHdfsUrl, hdfsPath), refuse))
  if (sinks.length === 0)
    sinks.push(new ArchiveSink('local', Group.STORAGE_LOCAL, new LocalFolder(localPath), refuse))
  return sinks
}
