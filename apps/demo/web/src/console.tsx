import { Card, Col, Flex, Statistic, Tabs, Tag, Typography } from 'antd'
import { useState } from 'react'
import type { ConsoleView } from '../../src/console-view.js'
import { ConsoleMessages, type Search } from './console-messages.js'
import { GroupTable, TopicTable } from './console-tables.js'
import { type ConsoleWords, consoleWordsIn } from './console-words.js'
import { type Frame, PageFrame } from './page-frame.js'
import { useConsole } from './use-console.js'

/** Topics, groups, lag, dead letters and messages of the broker that everything here runs on. */
export function Console({ frame }: { readonly frame: Frame }) {
  const { online, view } = useConsole()
  return (
    <PageFrame wordsIn={consoleWordsIn} online={online} frame={frame}>
      {(words) => view !== undefined && <Panels view={view} words={words} />}
    </PageFrame>
  )
}

function Panels({ view, words }: { readonly view: ConsoleView; readonly words: ConsoleWords }) {
  const [tab, setTab] = useState('topics')
  const [search, setSearch] = useState<Search>({ topic: '', key: '' })
  const open = (topic: string) => {
    setSearch({ topic, key: '' })
    setTab('messages')
  }
  const tabs = [
    {
      key: 'topics',
      label: words.topics,
      children: <TopicTable topics={view.topics} words={words} onOpen={open} />,
    },
    {
      key: 'groups',
      label: words.groups,
      children: <GroupTable groups={view.groups} words={words} onOpen={open} />,
    },
    {
      key: 'messages',
      label: words.messages,
      children: <ConsoleMessages topics={view.topics} words={words} search={search} onSearch={setSearch} />,
    },
  ]
  return (
    <>
      <Col xs={24}>
        <Card size="small">
          <Flex wrap gap="large" align="center">
            <Numbers view={view} words={words} />
            {view.brokers.map(({ name, cluster, addresses }) => (
              <div key={name} data-broker={name}>
                <Typography.Text type="secondary">
                  {words.brokers}: {cluster}
                </Typography.Text>
                <div>
                  {Object.entries(addresses).map(([id, address]) => (
                    <Tag key={id} color={id === '0' ? 'gold' : 'default'}>
                      {name} {address}
                    </Tag>
                  ))}
                </div>
              </div>
            ))}
          </Flex>
        </Card>
      </Col>
      <Col xs={24}>
        <Card size="small">
          <Tabs items={tabs} activeKey={tab} onChange={setTab} />
        </Card>
      </Col>
    </>
  )
}

function Numbers({ view, words }: { readonly view: ConsoleView; readonly words: ConsoleWords }) {
  const dead = view.groups.reduce((sum, { deadLetters }) => sum + deadLetters, 0)
  const waiting = view.groups.reduce((sum, { lag }) => sum + lag, 0)
  return (
    <>
      <Statistic title={words.topics} value={view.topics.filter(({ kind }) => kind === 'normal').length} />
      <Statistic title={words.groups} value={view.groups.length} />
      <Statistic title={words.lagging} value={waiting} />
      <Statistic title={words.deadLetters} value={dead} />
    </>
  )
}
