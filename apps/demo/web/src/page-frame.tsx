import { Badge, Flex, Layout, Row, Segmented, Typography, theme } from 'antd'
import type { ReactNode } from 'react'
import type { Language } from './language.js'

interface Props {
  readonly title: string
  readonly intro: string
  readonly online: boolean
  /** What is said of a page that is online, and of one that is not. */
  readonly status: { readonly live: string; readonly offline: string }
  /** The choice among scenarios, when more than one runs. */
  readonly scenarios: ReactNode
  /** Absent on a page that has one language. */
  readonly language?: { readonly value: Language; readonly change: (language: Language) => void }
  /** Columns of the page. */
  readonly children: ReactNode
}

/** What every scenario's page has: its name, whether it is live, the ways to the others; columns below. */
export function PageFrame({ title, intro, online, status, scenarios, language, children }: Props) {
  const { token } = theme.useToken()
  return (
    <Layout style={{ minHeight: '100vh', background: token.colorBgLayout }}>
      <style>{`body { margin: 0; background: ${token.colorBgLayout}; }`}</style>
      <Flex align="center" justify="space-between" wrap gap="small" style={{ padding: '16px 16px 0' }}>
        <Typography.Title level={3} style={{ margin: 0 }}>
          {title}
        </Typography.Title>
        <Flex align="center" gap="small" wrap>
          {scenarios}
          {language !== undefined && (
            <Segmented
              size="small"
              value={language.value}
              onChange={language.change}
              options={[
                { label: 'English', value: 'en' },
                { label: '中文', value: 'zh' },
              ]}
            />
          )}
          <Badge status={online ? 'success' : 'error'} text={online ? status.live : status.offline} />
        </Flex>
      </Flex>
      <Typography.Paragraph type="secondary" style={{ padding: '4px 16px 0', marginBottom: 8 }}>
        {intro}
      </Typography.Paragraph>
      <Row gutter={[16, 16]} style={{ padding: 8, margin: 0 }}>
        {children}
      </Row>
    </Layout>
  )
}
