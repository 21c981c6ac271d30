import type { IncomingMessage } from 'node:http'
import {
  BadRequestException,
  Controller,
  Get,
  Headers,
  HttpCode,
  Inject,
  Logger,
  Post,
  Req,
  ServiceUnavailableException,
} from '@nestjs/common'
import { faultPoint } from '@rockhopper/logs-contracts'
import type { TailState } from './file-tail.js'
import { LogSending } from './log-sending.js'
import { readBody, requestLines } from './request-lines.js'
import { Tails } from './tails.js'

interface Taken {
  readonly batchId: string
  readonly lines: number
  readonly messages: number
}

@Controller('logs')
export class LogsHttp {
  readonly #logger = new Logger(LogsHttp.name)

  constructor(
    @Inject(LogSending) private readonly sending: LogSending,
    @Inject(Tails) private readonly tails: Tails,
  ) {}

  /**
   * NDJSON, one JSON object a line. 202 is the broker's word that all lines are kept. After anything else,
   * or no answer, send the batch again with the same id: what is there already is not stored twice.
   */
  @Post()
  @HttpCode(202)
  async take(
    @Headers('x-batch-id') batchId: string | undefined,
    @Headers('x-source') source: string | undefined,
    @Req() request: IncomingMessage,
  ): Promise<Taken> {
    if (batchId === undefined || !/^[\w.:-]{1,64}$/.test(batchId))
      throw new BadRequestException(
        'header x-batch-id: want 1 to 64 of A-Z a-z 0-9 _ . : -, the same in a repeat',
      )
    if (source !== undefined && !/^[\w.:-]{1,64}$/.test(source))
      throw new BadRequestException('header x-source: want 1 to 64 of A-Z a-z 0-9 _ . : -')
    const lines = requestLines({ batchId, source: source ?? 'http', body: await readBody(request) })
    const address = { key: batchId, shardingKey: `${source ?? 'http'} ${batchId}` }
    try {
      const messages = await this.sending.send(lines, address, 'collector.between-messages')
      faultPoint('collector.after-ack-before-answer')
      return { batchId, lines: lines.length, messages }
    } catch (error) {
      this.#logger.warn(`batch ${batchId} is not kept: ${String(error)}`)
      throw new ServiceUnavailableException(
        'the broker did not take it: send the batch again with the same id',
      )
    }
  }

  @Get()
  state(): { readonly lines: number; readonly messages: number; readonly files: readonly TailState[] } {
    return { ...this.sending.acknowledged, files: this.tails.states() }
  }
}
