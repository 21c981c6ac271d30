/** One thing that happened, in words, for the demo's page. */
export interface Step {
  /** Ms since 1970. */
  readonly at: number
  readonly service: string
  readonly what: 'http' | 'published' | 'handled' | 'failed' | 'mail' | 'sms' | 'state'
  readonly words: string
  readonly orderId?: string | undefined
  readonly topic?: string | undefined
  readonly tag?: string | undefined
  readonly messageId?: string | undefined
  /** `broker-a/2`. */
  readonly queue?: string | undefined
  /** 1 for the first delivery. */
  readonly attempt?: number | undefined
}

/** Tells the parent process, when there is one that listens. A service alone says nothing. */
export function reportStep(step: Omit<Step, 'at'>): void {
  if (process.send === undefined || !process.connected) return
  const message = { kind: 'step', step: { at: Date.now(), ...step } }
  // The parent may go at any moment; then nobody is left to be told.
  process.send(message, undefined, undefined, () => {})
}
