import ts from 'typescript'
import { findInTree, isTypeScript, parse, type Rule, type Source } from './source.js'

/** Where Nest's way of writing is at home: the transport, applications, tests that need an application. */
const NEST_LAND =
  /^(packages\/(nestjs|testing\/src\/nest)|apps|tests\/(containers|e2e|interop\/src\/nestjs|nest-\d+))\//

export const noExtends: Rule = {
  name: "no class extends anything but Error, and Nest's classes where Nest is at home",
  check(source) {
    if (!isTypeScript(source)) return []
    const fromNest = NEST_LAND.test(source.path) ? importedFromNest(source) : new Set<string>()
    return findInTree(source, (node) => {
      if (!ts.isHeritageClause(node) || node.token !== ts.SyntaxKind.ExtendsKeyword) return undefined
      if (!ts.isClassLike(node.parent)) return undefined
      const base = node.types[0]?.expression.getText() ?? ''
      return base === 'Error' || fromNest.has(base) ? undefined : `extends ${base}`
    })
  },
}

function importedFromNest(source: Source): Set<string> {
  const names = new Set<string>()
  for (const statement of parse(source).statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue
    const bindings = statement.importClause?.namedBindings
    if (!statement.moduleSpecifier.text.startsWith('@nestjs/') || bindings === undefined) continue
    if (ts.isNamedImports(bindings)) for (const { name } of bindings.elements) names.add(name.text)
  }
  return names
}

export const noAbstractEnumNamespace: Rule = {
  name: 'no abstract, enum or namespace',
  check(source) {
    if (!isTypeScript(source)) return []
    return findInTree(source, (node) => {
      if (node.kind === ts.SyntaxKind.AbstractKeyword) return 'abstract'
      if (ts.isEnumDeclaration(node)) return `enum ${node.name.text}`
      const isAugmentation = ts.isModuleDeclaration(node) && !(node.flags & ts.NodeFlags.Namespace)
      return ts.isModuleDeclaration(node) && !isAugmentation ? `namespace ${node.name.getText()}` : undefined
    })
  },
}

export const decoratorsOnlyInNest: Rule = {
  name: 'decorators only in nestjs and apps',
  check(source) {
    if (!isTypeScript(source) || NEST_LAND.test(source.path)) return []
    return findInTree(source, (node) => (ts.isDecorator(node) ? node.getText() : undefined))
  },
}

/** An index.ts directly in src, or of a subpath such as src/api/index.ts, is how a package is entered. */
const ENTRY = /^(packages\/[^/]+|apps\/([^/]+\/)?[^/]+|tests\/[^/]+)\/src\/([^/]+\/)?index\.ts$/

export const noBarrels: Rule = {
  name: "no re-export except in a package's index.ts",
  check(source) {
    if (!isTypeScript(source) || ENTRY.test(source.path)) return []
    return findInTree(source, (node) =>
      ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined
        ? node.getText().split('\n')[0]
        : undefined,
    )
  },
}
