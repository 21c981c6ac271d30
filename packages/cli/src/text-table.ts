/**
 * Columns padded to their widest cell, as mqadmin prints them; the header is marked with # so that
 * scripts skip it.
 */
export function textTable(header: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = [header.map((name) => `#${name}`), ...rows.map((row) => row.map(cellText))]
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return `${cells.map(line).join('\n')}\n`
}

function cellText(value: unknown): string {
  if (value === undefined || value === null || value === '') return '-'
  // A value from the wire must not write control characters to a terminal.
  return String(value).replace(/\p{Cc}/gu, ' ')
}
