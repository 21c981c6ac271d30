import { Inject, Injectable } from '@nestjs/common'
import { faultPoint, type SeckillResult } from '@rockhopper/seckill-contracts'
import { DataSource } from 'typeorm'
import { NoticeRow } from './notice-row.js'
import { PUSH_SENDER, type PushSender } from './push-sender.js'

/** Tells winners, at the pace that the provider behind can follow. */
@Injectable()
export class Notices {
  readonly #running = new Map<string, Promise<string>>()

  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(PUSH_SENDER) private readonly provider: PushSender,
  ) {}

  /** A message that is delivered again while its first delivery still runs shares its outcome. */
  tell(result: SeckillResult): Promise<string> {
    const id = `${result.ticket}.${result.outcome}`
    const running = this.#running.get(id)
    if (running !== undefined) return running
    const telling = this.#tell(id, result).finally(() => this.#running.delete(id))
    this.#running.set(id, telling)
    return telling
  }

  async #tell(id: string, result: SeckillResult): Promise<string> {
    const notice = await this.database.transaction(async (manager) => {
      const before = await manager.findOneBy(NoticeRow, { id })
      if (before !== null) return before
      const row: NoticeRow = { id, recipient: result.userId, text: textOf(result), status: 'sending' }
      await manager.insert(NoticeRow, row)
      return row
    })
    if (notice.status === 'sent') return 'told before'
    await this.provider.send(notice)
    faultPoint('notifier.after-send-before-commit')
    await this.database.transaction((manager) => manager.update(NoticeRow, { id }, { status: 'sent' }))
    return `told ${notice.recipient}`
  }

  list(): Promise<NoticeRow[]> {
    return this.database.getRepository(NoticeRow).find()
  }
}

function textOf({ itemId, outcome, payBefore }: SeckillResult): string {
  if (outcome === 'won')
    return `You have one ${itemId}. Pay before ${new Date(payBefore ?? 0).toISOString()}.`
  return `Your ${itemId} was not paid in time and went to somebody else.`
}
