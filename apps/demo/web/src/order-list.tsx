import { App, Button, Empty, Flex, Tag, Typography, theme } from 'antd'
import { type Order, post } from './server.js'
import type { ShopWords } from './shop-words.js'

const COLORS = { PENDING: 'processing', CONFIRMED: 'success', CANCELLED: 'error' } as const

interface Props {
  readonly words: ShopWords
  readonly orders: readonly Order[]
  readonly selected: string | undefined
  readonly onSelect: (orderId: string) => void
}

export function OrderList({ orders, selected, onSelect, words }: Props) {
  const { token } = theme.useToken()
  const { message } = App.useApp()
  const cancel = (id: string) => {
    post(`/api/orders/${id}/cancel`, {}).catch((error: unknown) => message.error((error as Error).message, 6))
  }
  const answer = (given: string) => (given in words ? words[given as keyof ShopWords] : given)
  if (orders.length === 0) return <Empty description={words.noOrders} />
  return (
    <Flex vertical style={{ maxHeight: 380, overflowY: 'auto' }}>
      {orders.map((order) => (
        <Flex key={order.id} data-order={order.id} align="center" gap="small">
          <button
            type="button"
            onClick={() => onSelect(order.id)}
            style={{
              all: 'unset',
              cursor: 'pointer',
              flex: '1 1 auto',
              padding: '6px 8px',
              borderRadius: 6,
              background: order.id === selected ? token.controlItemBgActive : 'transparent',
            }}
          >
            <Flex gap="small" wrap align="center">
              <Tag color={COLORS[order.status]}>{words[order.status]}</Tag>
              <Typography.Text code>{order.id.slice(0, 8)}</Typography.Text>
              <Typography.Text>
                {order.customer.name}:{' '}
                {order.items.map((item) => `${item.quantity} × ${item.name}`).join(', ')}
              </Typography.Text>
              <Typography.Text strong>{(order.totalCents / 100).toFixed(2)}</Typography.Text>
              <Typography.Text type="secondary" style={{ fontSize: 12 }}>
                {words.stock} {answer(order.inventory)}, {words.payment} {answer(order.payment)}
                {order.reason === '' ? '' : ` (${order.reason})`}
              </Typography.Text>
            </Flex>
          </button>
          {order.status !== 'CANCELLED' && (
            <Button size="small" onClick={() => cancel(order.id)}>
              {words.cancel}
            </Button>
          )}
        </Flex>
      ))}
    </Flex>
  )
}
