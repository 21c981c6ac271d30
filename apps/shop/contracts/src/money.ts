/** 4999 as "49.99". */
export function formatCents(cents: number): string {
  return (cents / 100).toFixed(2)
}
