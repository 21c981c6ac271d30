import { isRetryTopic } from '@rockhopper/message'
import { MessageRequestModeWrapper, type SetMessageRequestModeRequestBody } from '@rockhopper/remoting'
import { rethrowAssertion } from '@rockhopper/store'
import type { BrokerConfig } from '../config.js'
import { refusedByDisk } from '../disk-refusal.js'
import { prettyJson } from '../pretty-json.js'
import type { LoadedFile } from '../state-files.js'

const NOTHING = () => {}

type Mode = SetMessageRequestModeRequestBody

/** Whether the members of a group pull a topic or pop it (Apache: MessageRequestModeManager). */
export class MessageRequestModes {
  readonly #config: BrokerConfig
  readonly #file: LoadedFile<MessageRequestModeWrapper>['file']
  readonly #modes = new Map<string, Map<string, Mode>>()
  #saving: Promise<void> = Promise.resolve()

  constructor(config: BrokerConfig, { file, saved }: LoadedFile<MessageRequestModeWrapper>) {
    this.#config = config
    this.#file = file
    for (const [topic, groups] of saved?.messageRequestModeMap ?? []) this.#modes.set(topic, new Map(groups))
  }

  /** What was set, else the default; retry topics are pulled. */
  of(topic: string, consumerGroup: string): Mode {
    const { defaultMessageRequestMode, defaultPopShareQueueNum } = this.#config
    const set = this.#modes.get(topic)?.get(consumerGroup)
    if (set !== undefined) return set
    const mode = isRetryTopic(topic) ? 'PULL' : defaultMessageRequestMode
    return { topic, consumerGroup, mode, popShareQueueNum: mode === 'POP' ? defaultPopShareQueueNum : 0 }
  }

  /** Resolves when it is on disk. Rejects with MqError when the disk refused; then nothing changed. */
  async set(mode: Mode): Promise<void> {
    const groups = this.#modes.get(mode.topic) ?? new Map<string, Mode>()
    const before = groups.get(mode.consumerGroup)
    this.#modes.set(mode.topic, groups.set(mode.consumerGroup, mode))
    // Whether the write before failed is the news of those who wait for it.
    const saved = this.#saving.then(() => this.#file.save(prettyJson(this.encode())))
    this.#saving = saved.then(NOTHING, NOTHING)
    try {
      await saved
    } catch (error) {
      rethrowAssertion(error)
      if (before === undefined) groups.delete(mode.consumerGroup)
      else groups.set(mode.consumerGroup, before)
      throw refusedByDisk('saving messageRequestMode.json', error)
    }
  }

  /** messageRequestMode.json, also the answer to code 402. */
  encode(): Buffer {
    return MessageRequestModeWrapper.encode({ messageRequestModeMap: this.#modes })
  }
}
