import { Controller, Inject } from '@nestjs/common'
import { EventPattern, Payload } from '@nestjs/microservices'
import { Group, ItemState, SeckillResult } from '@rockhopper/seckill-contracts'
import { Gates } from './gates.js'
import { Results } from './results.js'

/** What every instance of the API hears: broadcast, from now on. What it missed it asks for. */
@Controller()
export class ApiHandlers {
  constructor(
    @Inject(Gates) private readonly gates: Gates,
    @Inject(Results) private readonly results: Results,
  ) {}

  @EventPattern('seckill_gate_topic:changed', { group: Group.API_GATE, broadcast: true, from: 'last' })
  changed(@Payload() state: ItemState): void {
    this.gates.learn(state)
  }

  @EventPattern('seckill_result_topic', { group: Group.API_RESULTS, broadcast: true, from: 'last' })
  result(@Payload() result: SeckillResult): void {
    this.results.learn(result)
  }
}
