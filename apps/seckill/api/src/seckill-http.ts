import {
  Body,
  ConflictException,
  Controller,
  Get,
  Header,
  HttpCode,
  HttpException,
  HttpStatus,
  Inject,
  type MessageEvent,
  NotFoundException,
  Param,
  Post,
  Res,
  ServiceUnavailableException,
  Sse,
} from '@nestjs/common'
import type { SeckillResult } from '@rockhopper/seckill-contracts'
import { Matches } from 'class-validator'
import { map, type Observable, takeWhile } from 'rxjs'
import { type Admission, Admissions } from './admission.js'
import { Gates } from './gates.js'
import { Results } from './results.js'
import { Throughput } from './throughput.js'
import { WorkerQuestions } from './worker-questions.js'

class SeckillBody {
  @Matches(/^[A-Za-z0-9._-]{1,64}$/)
  userId: string
}

interface Headers {
  setHeader(name: string, value: string): unknown
}

interface Ticket {
  readonly ticket: string
  readonly status: 'queued'
}

@Controller()
export class SeckillHttp {
  constructor(
    @Inject(Admissions) private readonly admissions: Admissions,
    @Inject(Results) private readonly results: Results,
    @Inject(WorkerQuestions) private readonly worker: WorkerQuestions,
    @Inject(Gates) private readonly gates: Gates,
    @Inject(Throughput) private readonly throughput: Throughput,
  ) {}

  @Post('campaigns/:campaignId/items/:itemId/requests')
  @HttpCode(202)
  async request(
    @Param('campaignId') campaignId: string,
    @Param('itemId') itemId: string,
    @Body() { userId }: SeckillBody,
    @Res({ passthrough: true }) response: Headers,
  ): Promise<Ticket> {
    return ticketOrRefusal(await this.admissions.request(campaignId, itemId, userId), response)
  }

  @Get('tickets/:ticket')
  @Header('Cache-Control', 'no-store')
  async find(@Param('ticket') ticket: string): Promise<SeckillResult | Ticket> {
    return (await this.#answered(this.results.find(ticket))) ?? { ticket, status: 'queued' }
  }

  /** The answer when it is there, and what becomes of a win. Ends when nothing more can come. */
  @Sse('tickets/:ticket/events')
  events(@Param('ticket') ticket: string): Observable<MessageEvent> {
    return this.results.of(ticket).pipe(
      takeWhile(({ outcome }) => outcome === 'won', true),
      map((data) => ({ data })),
    )
  }

  @Post('tickets/:ticket/payment')
  @HttpCode(200)
  async pay(@Param('ticket') ticket: string): Promise<SeckillResult> {
    const result = await this.#answered(this.worker.pay(ticket))
    if (result === null) throw new NotFoundException(`no answer for ticket '${ticket}' yet`)
    if (result.outcome === 'paid') return result
    throw new ConflictException(`ticket '${ticket}' is ${result.outcome}: there is nothing to pay`)
  }

  @Get('metrics.json')
  metrics() {
    const gates = this.gates.all().map((gate) => ({
      ...gate.state,
      admitted: gate.admitted,
      passage: gate.passage(),
    }))
    return { ...this.throughput.view(), gates }
  }

  async #answered<Value>(answer: Promise<Value>): Promise<Value> {
    try {
      return await answer
    } catch (error) {
      throw new ServiceUnavailableException(`the worker does not answer: ${String(error)}`)
    }
  }
}

function ticketOrRefusal(admission: Admission, response: Headers): Ticket {
  switch (admission.kind) {
    case 'queued':
      return { ticket: admission.ticket, status: 'queued' }
    case 'no-such-item':
      throw new NotFoundException('no such item in this campaign')
    case 'sold-out':
      throw new ConflictException('sold out')
    case 'busy':
      response.setHeader('Retry-After', String(Math.ceil(admission.retryAfterMs / 1_000)))
      throw new HttpException('too many at once; try again', HttpStatus.TOO_MANY_REQUESTS)
    case 'unavailable':
      response.setHeader('Retry-After', '1')
      throw new ServiceUnavailableException(admission.reason)
  }
}
