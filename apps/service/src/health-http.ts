import { Controller, Get } from '@nestjs/common'

/** Answers while the process lives. */
@Controller('health')
export class HealthHttp {
  @Get()
  health(): { readonly status: 'ok'; readonly pid: number } {
    return { status: 'ok', pid: process.pid }
  }
}
