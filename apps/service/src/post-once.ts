const POST_TIMEOUT_MS = 5_000

/**
 * Posts JSON to a provider that drops repeats of one Idempotency-Key. Resolves when it took responsibility;
 * rejects when it refused, or did not answer within 5 s.
 */
export async function postOnce(url: string, idempotencyKey: string, body: object): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(POST_TIMEOUT_MS),
  })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`the provider at ${url} answered ${response.status}`)
}
