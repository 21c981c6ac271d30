import { DataVersion, TopicConfig } from '@rockhopper/remoting'
import { prettyJson } from './pretty-json.js'

/**
 * The text of topics.json (store-format.md section 12). A topic's own part is kept as long as the topic is
 * the same object: the file is written for each batch of topics that sends make, and to put 10,000 of them
 * into words each time took longer than to write it.
 */
export class TopicTexts {
  readonly #texts = new WeakMap<TopicConfig, string>()

  readonly render = (topics: ReadonlyMap<string, TopicConfig>, dataVersion: DataVersion): string => {
    const members: string[] = []
    for (const [name, config] of topics) members.push(`\n\t\t${JSON.stringify(name)}: ${this.#text(config)}`)
    const table = members.length === 0 ? '{}' : `{${members.join(',')}\n\t}`
    const version = deeper(prettyJson(DataVersion.encode(dataVersion)), 1)
    return `{\n\t"dataVersion": ${version},\n\t"topicConfigTable": ${table}\n}`
  }

  #text(config: TopicConfig): string {
    let text = this.#texts.get(config)
    if (text === undefined) {
      text = deeper(prettyJson(TopicConfig.encode(config)), 2)
      this.#texts.set(config, text)
    }
    return text
  }
}

/** Line breaks in strings are escaped: each of these begins a line of the JSON. */
function deeper(json: string, tabs: number): string {
  return json.replaceAll('\n', `\n${'\t'.repeat(tabs)}`)
}
