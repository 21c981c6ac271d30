import { Controller, Get, Inject } from '@nestjs/common'
import type { SinkState } from './sink-loop.js'
import { Storage } from './storage.js'

@Controller('storage')
export class StorageHttp {
  constructor(@Inject(Storage) private readonly storage: Storage) {}

  @Get()
  states(): SinkState[] {
    return this.storage.states()
  }
}
