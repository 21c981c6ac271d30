import { Inject, Injectable } from '@nestjs/common'
import { faultPoint, reportStep } from '@rockhopper/shop-contracts'
import { DataSource, type EntityManager } from 'typeorm'
import { type Channel, NoticeRow } from './notice-row.js'
import { MAIL_SENDER, type NoticeSender, SMS_SENDER } from './senders.js'

export interface Notice {
  /** Order or user id. */
  readonly about: string
  readonly kind: string
  readonly email: string
  readonly phone: string
  readonly subject: string
  readonly text: string
}

/** Mails and SMS: written down first, then sent, then marked. */
@Injectable()
export class Notices {
  /** The last turn of each order or user that something is sent about. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(MAIL_SENDER) private readonly mail: NoticeSender,
    @Inject(SMS_SENDER) private readonly sms: NoticeSender,
  ) {}

  /** Puts mail and SMS of a notice into the caller's transaction; a repeat adds nothing. */
  async write(manager: EntityManager, notice: Notice): Promise<void> {
    for (const channel of ['mail', 'sms'] as const) {
      await manager
        .createQueryBuilder()
        .insert()
        .into(NoticeRow)
        .values(toRow(notice, channel))
        .orIgnore()
        .execute()
    }
  }

  /**
   * Sends what is still `sending` about an order or user. Rejects when the other side did not take it. About
   * one order one notice at a time, so that no two handlers send the same; many orders at once. A crash
   * leaves at most one notice of each that was taken and is not marked.
   */
  flush(about: string): Promise<number> {
    const turn = (this.#turns.get(about) ?? Promise.resolve()).then(() => this.#sendWaiting(about))
    // The next turn comes also after a failure, which belongs to the caller of this one.
    const over = Promise.allSettled([turn]).then(() => {
      if (this.#turns.get(about) === over) this.#turns.delete(about)
    })
    this.#turns.set(about, over)
    return turn
  }

  async #sendWaiting(about: string): Promise<number> {
    let count = 0
    for (const channel of ['mail', 'sms'] as const) {
      const waiting = await this.database
        .getRepository(NoticeRow)
        .createQueryBuilder('notice')
        .where('notice.status = :status AND notice.channel = :channel', { status: 'sending', channel })
        .andWhere('notice.about = :about', { about })
        .getMany()
      for (const notice of waiting) {
        await this.#send(notice)
        count++
      }
    }
    return count
  }

  list(): Promise<NoticeRow[]> {
    return this.database.getRepository(NoticeRow).find()
  }

  async #send(notice: NoticeRow): Promise<void> {
    faultPoint('notification.after-sending-before-smtp')
    await (notice.channel === 'mail' ? this.mail : this.sms).send(notice)
    if (notice.channel === 'mail') faultPoint('notification.after-smtp-before-commit')
    // A transaction, so that the mark is committed here and not together with somebody else's work.
    await this.database.transaction((manager) =>
      manager.update(NoticeRow, { id: notice.id }, { status: 'sent' }),
    )
    reportStep({
      service: 'notification',
      what: notice.channel,
      orderId: notice.about,
      words: `${notice.channel === 'mail' ? 'mail' : 'SMS'} to ${notice.recipient}: ${notice.subject}`,
    })
  }
}

function toRow(notice: Notice, channel: Channel): NoticeRow {
  return {
    id: `${notice.about}.${notice.kind}.${channel}`,
    about: notice.about,
    channel,
    recipient: channel === 'mail' ? notice.email : notice.phone,
    subject: notice.subject,
    text: notice.text,
    status: 'sending',
  }
}
