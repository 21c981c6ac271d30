export interface Bar {
  readonly label: string
  readonly value: number
  /** Where a line says what it must be. */
  readonly must?: number | undefined
}

const [WIDTH, LABEL, ROW] = [900, 290, 26]
const FONT = 'font-family="sans-serif" font-size="13"'
const BAR_MAX = WIDTH - LABEL - 70

/** An SVG of one bar a row, from 0; a dashed line where a row must reach. */
export function ratioChart(title: string, bars: readonly Bar[]): string {
  const largest = Math.max(1, ...bars.flatMap(({ value, must = 0 }) => [value, must]))
  const height = (bars.length + 1) * ROW + 10
  const x = (value: number): string => (LABEL + (value / largest) * BAR_MAX).toFixed(1)
  const rows = bars.flatMap(({ label, value, must }, i) => {
    const y = (i + 1) * ROW + 4
    const width = ((value / largest) * BAR_MAX).toFixed(1)
    const at = x(must ?? 0)
    const ends = `x1="${at}" x2="${at}" y1="${y - 2}" y2="${y + 20}"`
    const behind = (Number(x(Math.max(value, must ?? 0))) + 6).toFixed(1)
    return [
      `<text x="${LABEL - 8}" y="${y + 13}" text-anchor="end">${label}</text>`,
      `<rect x="${LABEL}" y="${y}" width="${width}" height="18" fill="#4a90b8"/>`,
      ...(must === undefined ? [] : [`<line ${ends} stroke="#333" stroke-dasharray="3 2"/>`]),
      `<text x="${behind}" y="${y + 13}">${value.toFixed(2)}</text>`,
    ]
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" ${FONT}>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="10" y="18" font-weight="bold">${title}</text>`,
    ...rows,
    '</svg>',
    '',
  ].join('\n')
}
