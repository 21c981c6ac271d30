import { InvalidArgumentError } from 'commander'

/** A TCP port; 0 means any free one. */
export function port(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (value >= 0 && value <= 65_535) return value
  throw new InvalidArgumentError('A port is a number from 0 to 65535; 0 means any free port.')
}

/** Whether only this machine can reach a listener on `host`. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
