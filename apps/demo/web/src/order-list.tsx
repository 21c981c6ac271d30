import { Empty, Flex, Tag, Typography, theme } from 'antd'
import type { Order } from './server.js'

const COLORS = { PENDING: 'processing', CONFIRMED: 'success', CANCELLED: 'error' } as const

interface Props {
  readonly orders: readonly Order[]
  readonly selected: string | undefined
  readonly onSelect: (orderId: string) => void
}

export function OrderList({ orders, selected, onSelect }: Props) {
  const { token } = theme.useToken()
  if (orders.length === 0) return <Empty description="No orders yet: place one" />
  return (
    <Flex vertical style={{ maxHeight: 380, overflowY: 'auto' }}>
      {orders.map((order) => (
        <button
          type="button"
          key={order.id}
          onClick={() => onSelect(order.id)}
          data-order={order.id}
          style={{
            all: 'unset',
            cursor: 'pointer',
            padding: '6px 8px',
            borderRadius: 6,
            background: order.id === selected ? token.controlItemBgActive : 'transparent',
          }}
        >
          <Flex gap="small" wrap align="center">
            <Tag color={COLORS[order.status]}>{order.status.toLowerCase()}</Tag>
            <Typography.Text code>{order.id.slice(0, 8)}</Typography.Text>
            <Typography.Text>
              {order.customer.name}: {order.items.map((item) => `${item.quantity} × ${item.name}`).join(', ')}
            </Typography.Text>
            <Typography.Text strong>{(order.totalCents / 100).toFixed(2)}</Typography.Text>
            <Typography.Text type="secondary" style={{ fontSize: 12 }}>
              stock {order.inventory.toLowerCase()}, payment {order.payment.toLowerCase()}
              {order.reason === '' ? '' : ` (${order.reason})`}
            </Typography.Text>
          </Flex>
        </button>
      ))}
    </Flex>
  )
}
