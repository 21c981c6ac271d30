import type { Clock } from '@rockhopper/env'
import { isInherited, PermName, SystemTopic } from '@rockhopper/message'
import { type DataVersion, TopicConfig } from '@rockhopper/remoting'
import type { StateFile } from '@rockhopper/store'
import { topicConfig } from './system-topics.js'
import { TopicTexts } from './topic-texts.js'
import { VersionedTable } from './versioned-table.js'

export interface TopicsParts {
  readonly clock: Clock
  readonly file: StateFile
  /** Whether a send to an unknown topic may make it after the model of TBW102. */
  readonly autoCreate: () => boolean
  readonly saved:
    | { readonly entries: ReadonlyMap<string, TopicConfig>; readonly dataVersion: DataVersion }
    | undefined
}

/** What a send says about a topic it believes may not exist. */
export interface TopicWish {
  readonly topic: string
  readonly defaultTopic: string
  readonly defaultTopicQueueNums: number
  readonly topicSysFlag: number
}

/** The broker's topics (Apache: TopicConfigManager). A topic can be seen only when it is on disk. */
export class Topics {
  readonly #table: VersionedTable<TopicConfig>
  readonly #autoCreate: () => boolean
  readonly #creating = new Map<string, Promise<TopicConfig>>()
  /** Runs after a change is durable; a create or update resolves when it has run. Set by the registration. */
  onChange: (what: 'topics' | 'permission') => Promise<void> = () => Promise.resolve()
  readonly #texts = new TopicTexts()

  constructor({ autoCreate, clock, file, saved }: TopicsParts) {
    this.#autoCreate = autoCreate
    this.#table = new VersionedTable({ clock, file, what: 'topics.json', saved, render: this.#texts.render })
  }

  get(topic: string): TopicConfig | undefined {
    return this.#table.get(topic)
  }

  get entries(): ReadonlyMap<string, TopicConfig> {
    return this.#table.entries
  }

  get dataVersion(): DataVersion {
    return this.#table.dataVersion
  }

  /** As `VersionedTable.changesSince`. */
  changesSince(counter: number): ReadonlyMap<string, TopicConfig> | undefined {
    return this.#table.changesSince(counter)
  }

  preset(configs: readonly TopicConfig[]): void {
    for (const config of configs) this.#table.preset(config.topicName, config)
  }

  /** Rejects when the disk refused; then nothing changed. An unchanged topic keeps the data version. */
  async put(config: TopicConfig): Promise<void> {
    const before = this.#table.get(config.topicName)
    if (before !== undefined && sameConfig(before, config)) return
    await this.#table.put(config.topicName, config)
    await this.onChange('topics')
  }

  async delete(topic: string): Promise<boolean> {
    const deleted = await this.#table.delete(topic)
    if (deleted) await this.onChange('topics')
    return deleted
  }

  /** The topic, made after the model of `defaultTopic` when needed and allowed (remoting.md section 9.3). */
  async findOrInherit(wish: TopicWish): Promise<TopicConfig | undefined> {
    const found = this.get(wish.topic)
    if (found !== undefined) return found
    const model = this.get(wish.defaultTopic)
    if (model === undefined || !isInherited(model.perm)) return undefined
    if (wish.defaultTopic === SystemTopic.AUTO_CREATE && !this.#autoCreate()) return undefined
    const queueNums = Math.max(0, Math.min(wish.defaultTopicQueueNums, model.writeQueueNums))
    return this.#create({
      ...topicConfig(wish.topic, queueNums, model.perm & ~PermName.INHERIT),
      topicFilterType: model.topicFilterType,
      topicSysFlag: wish.topicSysFlag,
    })
  }

  /** The topic, or a new one as given: for retry and dead-letter topics. */
  async findOrCreate(config: TopicConfig): Promise<TopicConfig | undefined> {
    return this.get(config.topicName) ?? this.#create(config)
  }

  /** Two sends to one unknown topic wait for one creation. Undefined when the table is full. */
  async #create(config: TopicConfig): Promise<TopicConfig | undefined> {
    const running = this.#creating.get(config.topicName)
    if (running !== undefined) return running
    if (this.#table.full) return undefined
    const creation = this.put(config).then(() => config)
    this.#creating.set(config.topicName, creation)
    try {
      return await creation
    } finally {
      this.#creating.delete(config.topicName)
    }
  }
}

/** One topic has one text: members are written in alphabetical order. */
function sameConfig(a: TopicConfig, b: TopicConfig): boolean {
  return TopicConfig.encode(a).equals(TopicConfig.encode(b))
}
