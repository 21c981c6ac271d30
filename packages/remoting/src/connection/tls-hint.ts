/**
 * What to do about a connection that TLS ended, by the code of Node's error or of one of its causes;
 * undefined for what was no matter of TLS.
 */
export function tlsHint(error: unknown): string | undefined {
  let one = error as { readonly code?: unknown; readonly cause?: unknown } | null | undefined
  for (; typeof one === 'object' && one !== null; one = one.cause as typeof one) {
    const { code } = one
    const hint = HINTS.find(([pattern]) => typeof code === 'string' && pattern.test(code))
    if (hint !== undefined) return hint[1]
  }
  return undefined
}

/**
 * The cause of a TLS connection that its server closed before it said anything: a server on Node, for one,
 * looks at the certificate of this side behind the handshake, and sends no alert.
 */
export function closedUnheard(tls: { readonly cert?: string }, cause: Error | undefined): Error {
  const code = tls.cert === undefined ? 'TLS_CLOSED_UNHEARD' : 'TLS_CLOSED_UNHEARD_WITH_CERT'
  return Object.assign(new Error('the server closed the connection before its first answer', { cause }), {
    code,
  })
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /ALERT_(CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE)$/,
    'TLS: the server asks for a certificate of this side; set tls.cert and tls.key',
  ],
  [
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_\w+|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED|DECRYPT_ERROR)$/,
    'TLS: the server does not accept the certificate of this side; check who signed tls.cert, and its dates',
  ],
  [
    /^(SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|CERT_UNTRUSTED)/,
    'TLS: the certificate of the server is signed by nobody known here; set tls.ca to who signed it',
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'TLS: the certificate of the server is for another name; set tls.servername to a name it is for',
  ],
  [
    /^TLS_CLOSED_UNHEARD$/,
    'TLS: the server closed the connection at once; if it asks for a certificate, set tls.cert and tls.key',
  ],
  [
    /^TLS_CLOSED_UNHEARD_WITH_CERT$/,
    'TLS: the server closed the connection at once; check who signed tls.cert, and its dates',
  ],
  [/^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/, 'TLS: the certificate of the server is not valid today; renew it'],
  [
    /^(ERR_SSL_WRONG_VERSION_NUMBER|EPROTO)$/,
    'TLS: the server does not speak it on this port; leave tls out',
  ],
]
