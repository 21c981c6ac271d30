import { describe, expect, test } from '@jest/globals'
import { aclSignature } from './acl-signature.js'

const ROCKETMQ = { accessKey: 'RocketMQ', secretKey: '12345678' }
const TEMPORARY = { accessKey: '客户', secretKey: '秘密key', securityToken: 'token-7' }
const PROPERTIES = 'k\u00011\u0002TAGS\u0001订单🧾\u0002'
/** Names whose order differs between code units and any alphabet. */
const SEND = { a: 'g', b: 'orders', i: PROPERTIES, Z: 'upper', _u: 'under', accessKey: 'lower', m: 'false' }

describe('a request is signed as AclClientRPCHook of rocketmq-client 5.4.0 signed it', () => {
  test.each([
    ['without fields', ROCKETMQ, {}, Buffer.from('{"clientID":"1"}'), 'FNi87Yxeig/yQu3R2X5ZVHdNpiQ='],
    [
      'without a body',
      ROCKETMQ,
      { topic: 'orders', queueId: '3' },
      undefined,
      'Vp/m4ffkhSMU1Tb9WKMgJbzNxvE=',
    ],
    ['with a token', TEMPORARY, SEND, Buffer.from('订单已创建'), '7R6Ia47orq0DEcZ4s6ggS/PEKZk='],
    ['of bytes', ROCKETMQ, SEND, Buffer.from([0xff, 0xfe, 0, 0x80]), 'uCGvVQzmFnJ7NNEMHfevVMh3zWI='],
  ])('%s', (_, credentials, fields, body, signature) => {
    const { accessKey, securityToken } = { securityToken: undefined, ...credentials }
    const own = {
      AccessKey: accessKey,
      ...(securityToken === undefined ? {} : { SecurityToken: securityToken }),
    }
    expect(aclSignature(credentials)(fields, body)).toEqual({ ...own, Signature: signature })
  })
})
