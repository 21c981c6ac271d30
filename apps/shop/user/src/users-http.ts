import { Body, Controller, Get, Inject, Post } from '@nestjs/common'
import { Register } from './register.js'
import type { UserRow } from './user-row.js'
import { Users } from './users.js'

@Controller('users')
export class UsersHttp {
  constructor(@Inject(Users) private readonly users: Users) {}

  @Post()
  register(@Body() request: Register): Promise<UserRow> {
    return this.users.register(request)
  }

  @Get()
  list(): Promise<UserRow[]> {
    return this.users.list()
  }
}
