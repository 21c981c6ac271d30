import { BadRequestException, type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common'

interface RequestWithHeaders {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

const KEY_LENGTH_MAX = 200

/** Lets only requests through that name a key: without one a repeated click is a second order. */
@Injectable()
export class IdempotencyKeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const key = context.switchToHttp().getRequest<RequestWithHeaders>().headers['idempotency-key']
    if (typeof key === 'string' && key !== '' && key.length <= KEY_LENGTH_MAX) return true
    throw new BadRequestException(
      `send a header Idempotency-Key of 1 to ${KEY_LENGTH_MAX} characters: new for each order, ` +
        'the same for each repeat of one',
    )
  }
}
