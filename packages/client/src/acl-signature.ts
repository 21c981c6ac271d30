import { createRequire } from 'node:module'
import type { SignRequest } from '@rockhopper/remoting'

/** Loaded when requests are signed: it takes 3 MiB of memory. */
const crypto = (): typeof import('node:crypto') => createRequire(import.meta.url)('node:crypto')

/** Who calls (Apache: SessionCredentials). */
export interface AclCredentials {
  readonly accessKey: string
  readonly secretKey: string
  /** Of temporary credentials; sent and signed beside the access key. */
  readonly securityToken?: string
}

/**
 * Signs requests as Apache's AclClientRPCHook does: HMAC-SHA1 over the values of all fields, in the order of
 * their names by UTF-16 unit, and the body. The signature proves the sender; it hides nothing and does not
 * keep anybody from sending the same request again, which takes TLS.
 */
export function aclSignature({ accessKey, secretKey, securityToken }: AclCredentials): SignRequest {
  const { createHmac } = crypto()
  const own = {
    AccessKey: accessKey,
    ...(securityToken === undefined ? {} : { SecurityToken: securityToken }),
  }
  return (extFields, body) => {
    const fields: Readonly<Record<string, string>> = { ...extFields, ...own }
    const hmac = createHmac('sha1', secretKey)
    hmac.update(
      Object.keys(fields)
        .sort()
        .map((name) => fields[name])
        .join(''),
    )
    if (body !== undefined) hmac.update(body)
    return { ...own, Signature: hmac.digest('base64') }
  }
}
