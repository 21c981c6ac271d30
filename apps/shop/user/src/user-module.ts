import { type DynamicModule, Module } from '@nestjs/common'
import { HealthHttp, type ServiceSettings, serviceImports } from '@rockhopper/shop-contracts'
import { UserRow } from './user-row.js'
import { Users } from './users.js'
import { UsersHttp } from './users-http.js'

@Module({})
export class UserModule {
  static forRoot(settings: ServiceSettings): DynamicModule {
    return {
      module: UserModule,
      imports: serviceImports(settings, {
        groups: [],
        entities: [UserRow],
        beforePublish: 'user.after-commit-before-publish',
      }),
      controllers: [UsersHttp, HealthHttp],
      providers: [Users],
    }
  }
}
