import type { ConsumeContext, ConsumeResult, MessageListener, MessageView } from '@rockhopper/client'

type Handler = (
  message: MessageView,
  context: ConsumeContext,
) => Promise<ConsumeResult | void> | ConsumeResult | void

/** How long a condition may take before the test says what was there instead. */
const PATIENCE_MS = 20_000

/** What a consumer's listener got, and a way to wait for it without sleeping. */
export class Inbox {
  readonly messages: MessageView[] = []
  readonly #handle: Handler
  readonly #waiting = new Set<() => void>()

  constructor(handle: Handler = () => {}) {
    this.#handle = handle
  }

  /** Notes each message when its handler begins; what is waited for is looked at then and when it ended. */
  readonly listener: MessageListener = async (messages, context) => {
    for (const message of messages) {
      this.messages.push(message)
      this.#check()
      const result = await this.#handle(message, context)
      this.#check()
      if (result !== undefined) return result
    }
    return undefined
  }

  bodies(): string[] {
    return this.messages.map((message) => message.body.toString())
  }

  /** Resolves when the condition holds; rejects with what there is after `PATIENCE_MS`. */
  until(what: string, holds: (inbox: Inbox) => boolean): Promise<void> {
    return untilTogether([this], what, () => holds(this))
  }

  /** Runs `check` whenever something came or ended, until the returned function is called. */
  watch(check: () => void): () => void {
    this.#waiting.add(check)
    return () => this.#waiting.delete(check)
  }

  #check(): void {
    for (const check of this.#waiting) check()
  }

  count(count: number): Promise<void> {
    return this.until(`${count} messages`, () => this.messages.length >= count)
  }
}

/** As `until`, for a condition over several inboxes. */
export async function untilTogether(
  inboxes: readonly Inbox[],
  what: string,
  holds: () => boolean,
): Promise<void> {
  if (holds()) return
  const ends: (() => void)[] = []
  const held = new Promise<void>((resolve, reject) => {
    for (const inbox of inboxes) {
      const check = () => {
        if (holds()) resolve()
      }
      ends.push(inbox.watch(check))
    }
    const timer = setTimeout(() => {
      const there = inboxes.map((inbox) => inbox.bodies().join(' ')).join(' | ')
      reject(new Error(`${what}: not within ${PATIENCE_MS} ms; there is: ${there}`))
    }, PATIENCE_MS)
    ends.push(() => clearTimeout(timer))
  })
  await held.finally(() => {
    for (const end of ends) end()
  })
}
