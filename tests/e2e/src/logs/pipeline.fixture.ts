import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { EmbeddedRocketMQ } from '@rockhopper/embedded'
import type { LogLine } from '@rockhopper/log-transport'
import { AnalyticsModule, readAnalyticsSettings } from '@rockhopper/logs-analytics'
import { CollectorModule, readCollectorSettings } from '@rockhopper/logs-collector'
import { LOG_TOPICS, type ServicePlan, startService } from '@rockhopper/logs-contracts'
import {
  type Folder,
  filesIn,
  hourFolders,
  LocalFolder,
  pathOf,
  readStorageSettings,
  StorageModule,
  textsOf,
} from '@rockhopper/logs-storage'

export const COLLECTOR: ServicePlan = {
  name: 'collector',
  defaultPort: 0,
  module: (settings) => CollectorModule.forRoot(settings, readCollectorSettings(settings)),
}

export interface Service extends AsyncDisposable {
  /** Address of its HTTP interface. */
  readonly url: string
}

/** Broker and services of the log pipeline in this process, with a folder that goes at the end. */
export class Pipeline {
  readonly folder = mkdtempSync(join(tmpdir(), 'rockhopper-logs-'))
  readonly #ends: (() => Promise<void>)[] = []

  private constructor(readonly mq: EmbeddedRocketMQ) {}

  static async start(): Promise<Pipeline> {
    return new Pipeline(await EmbeddedRocketMQ.start({ topics: [...LOG_TOPICS] }))
  }

  /** The address of its HTTP interface. */
  async run(plan: ServicePlan, env: Record<string, string> = {}): Promise<string> {
    return (await this.runApart(plan, env)).url
  }

  /** One that the test ends itself. */
  async runApart(plan: ServicePlan, env: Record<string, string> = {}): Promise<Service> {
    const all = {
      ROCKETMQ_NAMESRV_ADDR: this.mq.nameserverAddress,
      ROCKHOPPER_DATA_DIR: this.folder,
      PORT: '0',
      ...env,
    }
    const app = await startService(plan, all)
    const { port } = app.getHttpServer().address() as { port: number }
    const ended = { done: false }
    const end = async (): Promise<void> => {
      if (ended.done) return
      ended.done = true
      await app.close()
    }
    this.#ends.push(end)
    return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: end }
  }

  /** Follows files, which it looks at often. */
  collector(files: readonly string[]): Promise<Service> {
    const env = { LOG_TAIL_FILES: files.join(','), LOG_TAIL_POLL_MS: '10', LOG_TAIL_GRACE_MS: '100' }
    return this.runApart({
      name: 'collector',
      defaultPort: 0,
      module: (settings) => CollectorModule.forRoot(settings, readCollectorSettings(settings, env)),
    })
  }

  /** With windows of a second. */
  analytics(env: Record<string, string> = {}): Promise<Service> {
    const all = {
      LOG_WINDOW_MS: '1000',
      LOG_SLIDING_MS: '3000',
      LOG_DISORDER_MS: '500',
      LOG_LATENESS_MS: '2000',
      LOG_IDLE_MS: '300',
      ...env,
    }
    return this.runApart({
      name: 'analytics',
      defaultPort: 0,
      module: (settings) => AnalyticsModule.forRoot(settings, readAnalyticsSettings(settings, all)),
    })
  }

  storage(env: Record<string, string> = {}): Promise<Service> {
    const all = { LOG_STORAGE_LINGER_MS: '20', ...env }
    return this.runApart({
      name: 'storage',
      defaultPort: 0,
      module: (settings) => StorageModule.forRoot(settings, readStorageSettings(settings, all)),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends.reverse()) await end()
    await this.mq.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  get archive(): Folder {
    return new LocalFolder(join(this.folder, 'archive'))
  }
}

export async function archived(folder: Folder): Promise<LogLine[]> {
  const lines: LogLine[] = []
  for (const hour of await hourFolders(folder)) {
    for (const file of await filesIn(folder, hour)) {
      lines.push(...textsOf(await folder.read(pathOf(file))).map((text) => JSON.parse(text) as LogLine))
    }
  }
  return lines
}

/** The archive's lines as soon as there are so many. Files may go while they are read; HDFS may restart. */
export function archivedAtLeast(folder: Folder, count: number): Promise<LogLine[]> {
  return eventually(
    `${count} lines`,
    async () => {
      const found = await archived(folder).catch((error: unknown) => String(error))
      return typeof found !== 'string' && found.length >= count ? found : undefined
    },
    60_000,
  )
}

export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  withinMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`)
    await delay(50)
  }
}

export function post(
  url: string,
  batchId: string,
  lines: readonly unknown[],
  source = 'shop',
): Promise<Response> {
  return fetch(`${url}/logs`, {
    method: 'POST',
    headers: { 'x-batch-id': batchId, 'x-source': source, 'content-type': 'application/x-ndjson' },
    body: lines.map((line) => JSON.stringify(line)).join('\n'),
  })
}

export interface SinkCounts {
  readonly sink: string
  readonly stored: number
  readonly repeated: number
  readonly refused: number
  readonly down?: string
}

export async function sinkCounts(storage: Service): Promise<SinkCounts[]> {
  return (await (await fetch(`${storage.url}/storage`)).json()) as SinkCounts[]
}
