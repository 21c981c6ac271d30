import { Inject, Injectable } from '@nestjs/common'
import type { UserRegistered } from '@rockhopper/shop-contracts'
import { DataSource } from 'typeorm'
import { Notices } from './notices.js'

/** Greets a new customer by mail and SMS, long after the registration was answered. */
@Injectable()
export class Welcome {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(Notices) private readonly notices: Notices,
  ) {}

  async registered({ userId, name, email, phone }: UserRegistered): Promise<string> {
    await this.database.transaction((manager) =>
      this.notices.write(manager, {
        about: userId,
        kind: 'welcome',
        email,
        phone,
        subject: `Welcome, ${name}`,
        text: `Dear ${name}, your account is ready.`,
      }),
    )
    const count = await this.notices.flush(userId)
    return count > 0 ? `new customer greeted, ${count} notices` : 'greeted before'
  }
}
