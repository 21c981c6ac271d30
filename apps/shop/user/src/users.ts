import { randomUUID } from 'node:crypto'
import { ConflictException, Inject, Injectable } from '@nestjs/common'
import { Outbox } from '@rockhopper/nestjs/typeorm'
import { reportStep, Topic, type UserRegistered } from '@rockhopper/shop-contracts'
import { DataSource } from 'typeorm'
import type { Register } from './register.js'
import { UserRow } from './user-row.js'

/** Registration: the account is there when the answer is; mail and SMS follow when somebody gets to them. */
@Injectable()
export class Users {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(Outbox) private readonly outbox: Outbox,
  ) {}

  /** @throws ConflictException when the address is taken. */
  async register(request: Register): Promise<UserRow> {
    const user: UserRow = { id: randomUUID(), ...request }
    const event: UserRegistered = { userId: user.id, name: user.name, email: user.email, phone: user.phone }
    try {
      await this.database.transaction(async (manager) => {
        await manager.insert(UserRow, user)
        await this.outbox.add(manager, {
          pattern: { topic: Topic.USER, tag: 'registered' },
          keys: [user.id],
          aggregateId: user.id,
          data: event,
        })
      })
    } catch (error) {
      if ((await this.database.getRepository(UserRow).findOneBy({ email: user.email })) === null) throw error
      throw new ConflictException(`${user.email} is registered already`)
    }
    reportStep({
      service: 'user',
      what: 'http',
      orderId: user.id,
      words: `${user.name} registered and can log in`,
    })
    return user
  }

  list(): Promise<UserRow[]> {
    return this.database.getRepository(UserRow).find()
  }
}
