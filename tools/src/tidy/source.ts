import ts from 'typescript'

/** A file of the repository, its path relative to the root with forward slashes. */
export interface Source {
  readonly path: string
  readonly text: string
}

export interface Finding {
  readonly path: string
  readonly line: number
  readonly message: string
}

/** One rule of the style. `check` gets every file; it decides by the path which ones it is about. */
export interface Rule {
  readonly name: string
  readonly check: (source: Source) => readonly Finding[]
}

export const isTypeScript = ({ path }: Source): boolean => /\.tsx?$/.test(path) && !path.endsWith('.d.ts')
export const isScript = (source: Source): boolean => isTypeScript(source) || /\.[mc]?jsx?$/.test(source.path)
export const isTest = ({ path }: Source): boolean =>
  /\.(test|fixture)\.tsx?$/.test(path) || path.startsWith('tests/')
export const isGenerated = ({ path }: Source): boolean => /(^|\/)generated\/|\.generated\.ts$/.test(path)

/** The first two folders: `packages/store`, `apps/shop`. */
export const packageOf = ({ path }: Source): string => path.split('/').slice(0, 2).join('/')

let last: { readonly source: Source; readonly file: ts.SourceFile } | undefined

/** The syntax tree; the rules ask for the same file one after the other, so one tree is remembered. */
export function parse(source: Source): ts.SourceFile {
  if (last?.source !== source) {
    const kind = source.path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS
    last = { source, file: ts.createSourceFile(source.path, source.text, ts.ScriptTarget.Latest, true, kind) }
  }
  return last.file
}

/** Visits every node and collects what `judge` has to say about it. */
export function findInTree(source: Source, judge: (node: ts.Node) => string | undefined): Finding[] {
  const file = parse(source)
  const findings: Finding[] = []
  const visit = (node: ts.Node): void => {
    const message = judge(node)
    if (message !== undefined) findings.push({ path: source.path, line: lineOf(file, node), message })
    ts.forEachChild(node, visit)
  }
  visit(file)
  return findings
}

/** Collects what `judge` has to say about each line. */
export function findInLines(source: Source, judge: (line: string) => string | undefined): Finding[] {
  return source.text.split('\n').flatMap((text, index) => {
    const message = judge(text)
    return message === undefined ? [] : [{ path: source.path, line: index + 1, message }]
  })
}

export function lineOf(file: ts.SourceFile, node: ts.Node): number {
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1
}
