import { App, Badge, Button, Card, Flex, Typography } from 'antd'
import { post, type Service } from './server.js'

const BADGES = { running: 'success', starting: 'processing', stopping: 'warning', stopped: 'error' } as const

/** Every process, with the two buttons the demo is about. */
export function ServiceCards({ services }: { readonly services: readonly Service[] }) {
  const { message } = App.useApp()
  const control = (name: string, what: 'kill' | 'start') => {
    post(`/api/services/${name}/${what}`, {}).catch((error: unknown) =>
      message.error((error as Error).message, 6),
    )
  }
  return (
    <Flex wrap gap="small">
      {services.map(({ name, port, state }) => (
        <Card
          key={name}
          size="small"
          style={{ flex: '1 1 150px' }}
          data-service={name}
          data-state={state.kind}
        >
          <Flex vertical gap={4}>
            <Badge status={BADGES[state.kind]} text={<strong>{name}</strong>} />
            <Typography.Text type="secondary" style={{ fontSize: 12 }}>
              {state.pid === undefined
                ? (state.why ?? 'stopped')
                : `pid ${state.pid}${port > 0 ? `, port ${port}` : ''}`}
            </Typography.Text>
            {state.kind === 'stopped' ? (
              <Button size="small" type="primary" onClick={() => control(name, 'start')}>
                Start
              </Button>
            ) : (
              <Button
                size="small"
                danger
                disabled={state.kind !== 'running'}
                onClick={() => control(name, 'kill')}
              >
                Kill -9
              </Button>
            )}
          </Flex>
        </Card>
      ))}
    </Flex>
  )
}
