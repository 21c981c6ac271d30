/** What the shop sells at first start. The stock keeper owns it from then on. */
export const CATALOGUE = [
  { pid: 1, name: 'Rockhopper plush', unitPriceCents: 1_999, available: 10_000 },
  { pid: 2, name: 'Krill, dried, 500 g', unitPriceCents: 849, available: 10_000 },
  { pid: 3, name: 'Nesting pebble', unitPriceCents: 99, available: 10_000 },
  { pid: 4, name: 'Ice floe, limited edition', unitPriceCents: 24_900, available: 3 },
] as const

/** The cashier refuses amounts above this: an order that needs a refusal has somewhere to come from. */
export const PAYMENT_LIMIT_CENTS = 100_000
