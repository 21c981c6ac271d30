import { createHash } from 'node:crypto'

/**
 * The ticket of a user in a campaign: always the same one, whoever computes it, 22 characters of base64url
 * (128 bits of SHA-256). It is a name, no secret: who knows both parts can compute it.
 */
export function ticketOf(campaignId: string, userId: string): string {
  // Lengths in front: ('a', 'bc') and ('ab', 'c') are different users.
  const text = `${campaignId.length}:${campaignId}${userId}`
  return createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url')
}
