/** Minutes that each row of `npm test` may take: tests/budget.json. */
export type Budget = Readonly<Record<string, number>>

/** What is wrong with the durations of a run, one sentence a row. A row without a budget is wrong, too. */
export function overBudget(budget: Budget, secondsByRow: ReadonlyMap<string, number>): string[] {
  return [...secondsByRow].flatMap(([row, seconds]) => {
    const minutes = budget[row]
    if (minutes === undefined) return [`${row} has no budget in tests/budget.json`]
    return seconds <= minutes * 60
      ? []
      : [`${row} took ${seconds.toFixed(0)} s; its budget is ${minutes} min`]
  })
}

/** Full names of tests, one a line; `#` begins a remark that says why a test may be skipped. */
export function parseAllowedSkips(text: string): Set<string> {
  const lines = text.split('\n').map((line) => line.replace(/(^|\s)#.*$/, '').trim())
  return new Set(lines.filter((line) => line !== ''))
}

export function unexpectedSkips(skipped: readonly string[], allowed: ReadonlySet<string>): string[] {
  return skipped.filter((name) => !allowed.has(name))
}
