import { Empty, Flex, Tag, Typography } from 'antd'
import type { Received } from './server.js'

export function InboxList({ received }: { readonly received: readonly Received[] }) {
  if (received.length === 0) return <Empty description="No mail, no SMS" />
  return (
    <Flex vertical gap={8} style={{ maxHeight: 320, overflowY: 'auto' }}>
      {received.map((message) => (
        <div key={`${message.channel}-${message.id}`} data-inbox={message.channel}>
          <Flex gap="small" wrap align="center">
            <Tag color={message.channel === 'mail' ? 'geekblue' : 'magenta'}>{message.channel}</Tag>
            <Typography.Text strong>{message.to}</Typography.Text>
            {message.count > 1 && (
              <Tag color="orange">arrived {message.count} times after a crash, same id</Tag>
            )}
          </Flex>
          <Typography.Text type="secondary">{message.text}</Typography.Text>
        </div>
      ))}
    </Flex>
  )
}
