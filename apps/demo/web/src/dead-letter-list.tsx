import { App, Button, Empty, Flex, Tag, Typography } from 'antd'
import { useState } from 'react'
import { type DeadLetter, post } from './server.js'
import type { ShopWords } from './shop-words.js'

interface Props {
  readonly letters: readonly DeadLetter[]
  readonly words: ShopWords
  readonly onResent: () => void
}

/** Newest first, of all services; what was handled after all stays, as it does in its queue. */
export function DeadLetterList({ letters, words, onResent }: Props) {
  return (
    <Flex vertical gap={10} style={{ maxHeight: 460, overflowY: 'auto' }}>
      <Typography.Text type="secondary">{words.deadLettersIntro}</Typography.Text>
      {letters.length === 0 && <Empty description={words.noDeadLetters} />}
      {letters.map((letter) => (
        <Letter key={letter.id} letter={letter} words={words} onResent={onResent} />
      ))}
    </Flex>
  )
}

function Letter({ letter, words, onResent }: Omit<Props, 'letters'> & { readonly letter: DeadLetter }) {
  const { message } = App.useApp()
  const [busy, setBusy] = useState(false)
  const { at, body, deliveries, group, id, key, pattern, reason, resentAt, service } = letter
  const resend = async () => {
    setBusy(true)
    try {
      await post(`/api/dead-letters/${service}/${group}/${id}/resend`, {})
      message.success(words.resent)
    } catch (error) {
      message.error((error as Error).message, 6)
    } finally {
      setBusy(false)
      onResent()
    }
  }
  return (
    <div data-dead-letter={key} data-resent={resentAt !== ''}>
      <Flex gap="small" wrap align="center">
        <Typography.Text type="secondary" style={{ fontSize: 12, fontVariantNumeric: 'tabular-nums' }}>
          {new Date(at).toISOString().slice(11, 19)}
        </Typography.Text>
        <Tag color="volcano">{group}</Tag>
        <Typography.Text>{pattern}</Typography.Text>
        <Typography.Text code>{key.slice(0, 8)}</Typography.Text>
        <Typography.Text type="secondary">
          {deliveries} {words.deliveries}
        </Typography.Text>
        {resentAt === '' ? (
          <Button size="small" loading={busy} onClick={resend}>
            {words.resend}
          </Button>
        ) : (
          <Tag color="success">{words.resent}</Tag>
        )}
      </Flex>
      <Typography.Paragraph
        type="secondary"
        style={{ fontSize: 12, overflowWrap: 'anywhere', marginBottom: 0 }}
      >
        {reason === '' ? body : `${reason} · ${body}`}
      </Typography.Paragraph>
    </div>
  )
}
