import { Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common'
import type { DeadLetter } from './dead-letter.js'
import { DeadLetters } from './dead-letters.js'

@Controller('dead-letters')
export class DeadLettersHttp {
  constructor(@Inject(DeadLetters) private readonly letters: DeadLetters) {}

  @Get()
  list(): Promise<DeadLetter[]> {
    return this.letters.list()
  }

  /** 200 when the message was handled, 409 when it failed again. */
  @Post(':group/:id/resend')
  @HttpCode(200)
  resend(@Param('group') group: string, @Param('id') id: string): Promise<{ readonly id: string }> {
    return this.letters.resend(group, id)
  }
}
