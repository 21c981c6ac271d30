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
  async until(what: string, holds: (inbox: Inbox) => boolean): Promise<void> {
    if (holds(this)) return
    await new Promise<void>((resolve, reject) => {
      const check = () => {
        if (!holds(this)) return
        this.#waiting.delete(check)
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(check)
        reject(
          new Error(
            `${what}: not within ${PATIENCE_MS} ms; there are ${this.messages.length}: ${this.bodies()}`,
          ),
        )
      }, PATIENCE_MS)
      this.#waiting.add(check)
    })
  }

  #check(): void {
    for (const check of this.#waiting) check()
  }

  count(count: number): Promise<void> {
    return this.until(`${count} messages`, () => this.messages.length >= count)
  }
}

/** Waits until all inboxes together hold the condition. */
export async function untilTogether(
  inboxes: readonly Inbox[],
  what: string,
  holds: () => boolean,
): Promise<void> {
  const each = inboxes.map((inbox) => inbox.until(what, holds))
  await Promise.race(each)
}
