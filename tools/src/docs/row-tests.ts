/**
 * A test that shows rows of a table: the line above it is a comment such as `// B13, B20` (rows of the NestJS
 * transport) or `// R25` (rules of reliability).
 */
export interface RowTest {
  readonly rows: readonly string[]
  readonly file: string
  readonly name: string
}

const ROWS = /^\s*\/\/ ([BR]\d+(?:, [BR]\d+)*)$/
const NAME = /^\s*(?:test|describe)\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/

/**
 * The tests of a file that say which rows of a kind, `B` or `R`, they show. @throws when such a comment
 * stands above no test.
 */
export function rowTests(file: string, text: string, kind: 'B' | 'R'): RowTest[] {
  const lines = text.split('\n')
  const tests: RowTest[] = []
  for (const [index, line] of lines.entries()) {
    const rows = (ROWS.exec(line)?.[1] ?? '').split(', ').filter((row) => row.startsWith(kind))
    if (rows.length === 0) continue
    const name = nameOf(lines.slice(index + 1))
    if (name === undefined)
      throw new Error(`${file}:${index + 1}: rows ${rows.join()}, but no test below them`)
    tests.push({ rows, file, name })
  }
  return tests
}

/** The name of the test that begins here: in its first line, or behind the table of a `test.each`. */
function nameOf(lines: readonly string[]): string | undefined {
  const [first = '', second = ''] = lines
  const direct = NAME.exec(first) ?? NAME.exec(`${first}${second.trim()}`)
  if (direct !== null) return direct[1] ?? direct[2] ?? direct[3]
  if (!/^\s*test\.each/.test(first)) return undefined
  const end = lines.find((line) => /^\s*\]\)\(/.test(line)) ?? ''
  const each = /\]\)\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/.exec(end)
  return each === null ? undefined : (each[1] ?? each[2])
}
