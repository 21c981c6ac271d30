import { Badge, Flex, Layout, Row, Segmented, Typography, theme } from 'antd'
import type { ReactNode } from 'react'
import type { Language } from './language.js'

/** What all pages share, so that it stays as it is from one to the next. */
export interface Frame {
  /** The choice among scenarios, when more than one runs. */
  readonly scenarios: ReactNode
  readonly language: Language
  readonly onLanguage: (language: Language) => void
}

/** What every page says of itself. */
interface FrameWords {
  readonly title: string
  readonly intro: string
  readonly live: string
  readonly offline: string
}

interface Props<Words extends FrameWords> {
  readonly wordsIn: (language: Language) => Words
  readonly online: boolean
  readonly frame: Frame
  /** Columns of the page, in the language that is chosen. */
  readonly children: (words: Words) => ReactNode
}

/** What every scenario's page has: its name, its language, whether it is live, the ways to the others. */
export function PageFrame<Words extends FrameWords>({ wordsIn, online, frame, children }: Props<Words>) {
  const { token } = theme.useToken()
  const { scenarios, language, onLanguage } = frame
  const words = wordsIn(language)
  return (
    <Layout style={{ minHeight: '100vh', background: token.colorBgLayout }}>
      <style>{`body { margin: 0; background: ${token.colorBgLayout}; }`}</style>
      <Flex align="center" justify="space-between" wrap gap="small" style={{ padding: '16px 16px 0' }}>
        <Typography.Title level={3} style={{ margin: 0 }}>
          {words.title}
        </Typography.Title>
        <Flex align="center" gap="small" wrap>
          {scenarios}
          <Segmented
            size="small"
            value={language}
            onChange={onLanguage}
            options={[
              { label: 'English', value: 'en' },
              { label: '中文', value: 'zh' },
            ]}
          />
          <Badge status={online ? 'success' : 'error'} text={online ? words.live : words.offline} />
        </Flex>
      </Flex>
      <Typography.Paragraph type="secondary" style={{ padding: '4px 16px 0', marginBottom: 8 }}>
        {words.intro}
      </Typography.Paragraph>
      <Row gutter={[16, 16]} style={{ padding: 8, margin: 0 }}>
        {children(words)}
      </Row>
    </Layout>
  )
}
