import { expect, test } from '@jest/globals'
import { tlsHint } from './tls-hint.js'

test.each([
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'set tls.cert and tls.key'],
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'set tls.cert and tls.key'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'check who signed tls.cert'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'check who signed tls.cert'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'set tls.ca'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'set tls.ca'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'set tls.servername'],
  ['CERT_HAS_EXPIRED', 'renew it'],
  ['TLS_CLOSED_UNHEARD', 'set tls.cert and tls.key'],
  ['TLS_CLOSED_UNHEARD_WITH_CERT', 'check who signed tls.cert'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'leave tls out'],
])('%s says what to set, also as the cause of another error', (code, hint) => {
  const error = Object.assign(new Error('tls'), { code })
  expect(tlsHint(error)).toContain(hint)
  expect(tlsHint(new Error('outer', { cause: error }))).toContain(hint)
})

test('other failures are no matter of TLS', () => {
  expect(tlsHint(Object.assign(new Error('no'), { code: 'ECONNREFUSED' }))).toBeUndefined()
  expect(tlsHint(undefined)).toBeUndefined()
  expect(tlsHint('text')).toBeUndefined()
})
