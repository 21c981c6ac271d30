import { expect, test } from '@jest/globals'
import { type TopicConfig, TopicConfigSerializeWrapper } from '@rockhopper/remoting'
import { prettyJson } from './pretty-json.js'
import { topicConfig } from './system-topics.js'
import { TopicTexts } from './topic-texts.js'

const dataVersion = { counter: 7, stateVersion: 0, timestamp: 1_700_000_000_000 }

const whole = (topicConfigTable: ReadonlyMap<string, TopicConfig>): string =>
  prettyJson(TopicConfigSerializeWrapper.encode({ dataVersion, topicConfigTable }))

test('topics.json from kept parts is what the whole table gives, also after a topic changed', () => {
  const texts = new TopicTexts()
  const table = new Map<string, TopicConfig>()
  expect(texts.render(table, dataVersion)).toBe(whole(table))
  for (const name of ['T', 'a"b\n\\', '标签', '%RETRY%g']) {
    table.set(name, {
      ...topicConfig(name, 4, 6),
      attributes: new Map(name === 'T' ? [['+message.type', 'FIFO\n']] : []),
    })
    expect(texts.render(table, dataVersion)).toBe(whole(table))
  }
  table.set('T', topicConfig('T', 8, 2))
  table.delete('标签')
  expect(texts.render(table, dataVersion)).toBe(whole(table))
})
