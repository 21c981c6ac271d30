import { App, Empty, Flex, Switch, Tag, Typography } from 'antd'
import { useState } from 'react'
import { post, type Received } from './server.js'
import type { ShopWords } from './shop-words.js'

interface Props {
  readonly received: readonly Received[]
  readonly words: ShopWords
}

/** With a switch that makes both providers refuse: what cannot be sent becomes a dead letter. */
export function InboxList({ received, words }: Props) {
  return (
    <Flex vertical gap={8}>
      <OutageSwitch words={words} />
      {received.length === 0 ? <Empty description={words.noMail} /> : <Messages {...{ received, words }} />}
    </Flex>
  )
}

function OutageSwitch({ words }: { readonly words: ShopWords }) {
  const { message } = App.useApp()
  const [refusing, setRefusing] = useState(false)
  const change = (wanted: boolean) => {
    post<{ refusing: boolean }>(`/api/inboxes/${wanted ? 'refuse' : 'take'}`, {}).then(
      (now) => setRefusing(now.refusing),
      (error: unknown) => message.error((error as Error).message, 6),
    )
  }
  return (
    <Flex gap="small" align="center">
      <Switch size="small" checked={refusing} onChange={change} aria-label={words.outage} />
      <Typography.Text type="secondary">{words.outage}</Typography.Text>
    </Flex>
  )
}

function Messages({ received, words }: Props) {
  return (
    <Flex vertical gap={8} style={{ maxHeight: 320, overflowY: 'auto' }}>
      {received.map((message) => (
        <div key={`${message.channel}-${message.id}`} data-inbox={message.channel}>
          <Flex gap="small" wrap align="center">
            <Tag color={message.channel === 'mail' ? 'geekblue' : 'magenta'}>{message.channel}</Tag>
            <Typography.Text strong>{message.to}</Typography.Text>
            {message.count > 1 && (
              <Tag color="orange">
                {message.count} × {words.arrivedAgain}
              </Tag>
            )}
          </Flex>
          <Typography.Text type="secondary">{message.text}</Typography.Text>
        </div>
      ))}
    </Flex>
  )
}
