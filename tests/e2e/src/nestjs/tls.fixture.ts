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
