import { type AddressInfo, connect as connectPlain } from 'node:net'
import { pipeline } from 'node:stream'
import { createServer } from 'node:tls'
import { createNodeEnv, type Env } from '@rockhopper/env'

/** Who the certificate is for; made with `openssl req -x509`, and only for these tests. */
export const SERVER_NAME = 'mq.rockhopper.test'

const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgzCrPlQbn3LvW5PeP
MTX+PW1tVKQT4DmqPt3OValRA4mhRANCAATrpcFsgWsAgWeHKk1Mvz+zzLtCtbfJ
HjRadeJDuJKH56o0lkKvW1APBFjCuzAIyGZppBO+NtyvPkxAwJDQ9QqL
-----END PRIVATE KEY-----`

export const CERT = `-----BEGIN CERTIFICATE-----
MIIBsTCCAVagAwIBAgIUG9SYXaYZT5LVwNeVxssfn5ADjwgwCgYIKoZIzj0EAwIw
HTEbMBkGA1UEAwwSbXEucm9ja2hvcHBlci50ZXN0MCAXDTI2MTEyMTE5NTYwNFoY
DzIxMjYxMDI4MTk1NjA0WjAdMRswGQYDVQQDDBJtcS5yb2NraG9wcGVyLnRlc3Qw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATrpcFsgWsAgWeHKk1Mvz+zzLtCtbfJ
HjRadeJDuJKH56o0lkKvW1APBFjCuzAIyGZppBO+NtyvPkxAwJDQ9QqLo3IwcDAd
BgNVHQ4EFgQU3d5Wm/nMCtVXYUCFzDk4X/NWxAowHwYDVR0jBBgwFoAU3d5Wm/nM
CtVXYUCFzDk4X/NWxAowDwYDVR0TAQH/BAUwAwEB/zAdBgNVHREEFjAUghJtcS5y
b2NraG9wcGVyLnRlc3QwCgYIKoZIzj0EAwIDSQAwRgIhANWxV7z/hnfF/CQ/sRvl
Gr4lHZ68M5FGCH2UCzn/E/3jAiEAwaSeBscYcgRMfXglj2ioCmqHJjqapgKS/pDc
etHdo8g=
-----END CERTIFICATE-----`

/**
 * A machine whose every listener refuses plain text, and whose own connections speak TLS: a broker on it
 * finds its name server that way.
 */
export function tlsEnv(): Env {
  const env = createNodeEnv()
  return {
    ...env,
    net: {
      listen: (options, onSocket) =>
        env.net.listen({ ...options, tls: { key: KEY, cert: CERT, enforcing: true } }, onSocket),
      connect: (options) => env.net.connect({ ...options, tls: { ca: CERT, servername: SERVER_NAME } }),
    },
  }
}

/** A certificate that servers of `mutualTlsEnv` accept, and one that they do not; only for these tests. */
export const MEMBER = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg9wbNdaTnHxh0TQzB
kyZ9JZYVd/96mzXYmQdFj+FyxLShRANCAASR3Iz4kxBrFGwMrWZ+cay7npKlA0EL
yQFt2MdqZfBw1y7h9WYe2eReqtOY3v/8v/uJbXNu0z0eaZJV5Tl2t1bs
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBljCCATugAwIBAgIUc/HXAyRGRG8knhlvtRYl80uAzOIwCgYIKoZIzj0EAwIw
HzEdMBsGA1UEAwwUZ29vZC5yb2NraG9wcGVyLnRlc3QwIBcNMjYxMTIyMDAxOTM0
WhgPMjEyNjEwMjkwMDE5MzRaMB8xHTAbBgNVBAMMFGdvb2Qucm9ja2hvcHBlci50
ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEkdyM+JMQaxRsDK1mfnGsu56S
pQNBC8kBbdjHamXwcNcu4fVmHtnkXqrTmN7//L/7iW1zbtM9HmmSVeU5drdW7KNT
MFEwHQYDVR0OBBYEFFnYigle8P2NpoI7aOZa6y1Obz21MB8GA1UdIwQYMBaAFFnY
igle8P2NpoI7aOZa6y1Obz21MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwID
SQAwRgIhAJ9Ny4u6hDlhprlK5K2jy2pESiNs51lYzkWDZOYwtoPWAiEAh1McZYUk
mLkbrVkFrYFMSMni5SHdNRoi53WLKhIdho4=
-----END CERTIFICATE-----`,
}

export const STRANGER = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgT2MiANBdKoiSGhQq
LJ0cOvl3fIVNX7k5BQifxjCTL6OhRANCAATqvte1AvguIR7FuKuA6adMSYR0aO5f
F+ebOzbSBvtuwchExOrgxyvaUhs3V984kNhPItLIdn/yCx4fq+6JSvFC
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBmDCCAT2gAwIBAgIUWLz5uAQ06kA+Vfd9wfbBe9PZT5AwCgYIKoZIzj0EAwIw
IDEeMBwGA1UEAwwVb3RoZXIucm9ja2hvcHBlci50ZXN0MCAXDTI2MTEyMjAwMTkz
NFoYDzIxMjYxMDI5MDAxOTM0WjAgMR4wHAYDVQQDDBVvdGhlci5yb2NraG9wcGVy
LnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATqvte1AvguIR7FuKuA6adM
SYR0aO5fF+ebOzbSBvtuwchExOrgxyvaUhs3V984kNhPItLIdn/yCx4fq+6JSvFC
o1MwUTAdBgNVHQ4EFgQUR8qnnRNTOjQJ4ZB6ya9hE84dlZ4wHwYDVR0jBBgwFoAU
R8qnnRNTOjQJ4ZB6ya9hE84dlZ4wDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQD
AgNJADBGAiEA+NL+MhJwdUFLT+MMec8GLDf3PRQAnz6e+KO6vb7gSEoCIQDgg0dC
py04UrPCnB/ffvcFpsRky3OTbVqcy9V5suCKpA==
-----END CERTIFICATE-----`,
}

/** A machine before whose every listener stands a proxy that wants a certificate: MEMBER's, no other. */
export function mutualTlsEnv(): Env {
  const env = createNodeEnv()
  const host = '127.0.0.1'
  const tls = { ca: CERT, servername: SERVER_NAME, ...MEMBER }
  return {
    ...env,
    net: {
      connect: (options) => env.net.connect({ ...options, tls }),
      async listen(options, onSocket) {
        const behind = await env.net.listen({ host, port: 0 }, onSocket)
        const wanted = { ca: MEMBER.cert, requestCert: true, rejectUnauthorized: true }
        const proxy = createServer({ key: KEY, cert: CERT, ...wanted }, (outer) => {
          const inner = connectPlain(behind.port, host)
          pipeline(outer, inner, outer, () => undefined)
        })
        await new Promise<void>((resolve) => proxy.listen(options.port, options.host, resolve))
        const { port } = proxy.address() as AddressInfo
        const close = async () => {
          proxy.close()
          await behind.close()
        }
        return { host: options.host, port, close }
      },
    },
  }
}
