export interface Snippet {
  readonly language: 'ts' | 'js'
  readonly code: string
  /** Line of the page it begins in, from 1. */
  readonly line: number
}

/** The code blocks of a page that name a language we can compile, also those within a list. */
export function snippetsOf(markdown: string): Snippet[] {
  const snippets: Snippet[] = []
  const lines = markdown.split('\n')
  for (let i = 0; i < lines.length; i++) {
    const fence = /^( *)```(ts|js)\b/.exec(lines[i] ?? '')
    if (fence === null) continue
    const [, indent = '', language] = fence
    const end = lines.indexOf(`${indent}\`\`\``, i + 1)
    if (end < 0) throw new Error(`the code block in line ${i + 1} has no end`)
    const inside = lines.slice(i + 1, end).map((line) => line.slice(indent.length))
    snippets.push({ language: language as 'ts' | 'js', code: inside.join('\n'), line: i + 2 })
    i = end
  }
  return snippets
}

/** Classes with decorators are declarations: compiled here, run by the tests of the transport. */
export const canRun = (snippet: Snippet): boolean => !/^\s*@[A-Z]/m.test(snippet.code)
