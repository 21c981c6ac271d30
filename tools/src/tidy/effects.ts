import ts from 'typescript'
import { findInTree, isTest, isTypeScript, packageOf, type Rule, type Source } from './source.js'

// What these packages need of the world comes in through Env; only env/src/node touches it.
const PURE = new Set(
  ['env', 'message', 'remoting', 'store', 'nameserver', 'broker', 'client', 'sim'].map(
    (name) => `packages/${name}`,
  ),
)
const BANNED_MODULES = new Set(
  [
    ...['fs', 'fs/promises', 'net', 'tls', 'dgram', 'dns', 'dns/promises', 'http', 'https', 'http2'],
    ...['child_process', 'cluster', 'worker_threads', 'os', 'process'],
    ...['perf_hooks', 'timers', 'timers/promises'],
  ].flatMap((name) => [name, `node:${name}`]),
)
const BANNED_CALLS = new Set(['setTimeout', 'setInterval', 'setImmediate', 'fetch'])
const BANNED_MEMBERS = new Set([
  'Date.now',
  'Math.random',
  'performance.now',
  'crypto.randomUUID',
  'crypto.getRandomValues',
])
// The asynchronous half of zlib and crypto runs on the thread pool, and the random half is chance.
const BANNED_NAMES: Readonly<Record<string, RegExp>> = {
  zlib: /^((in|de)flate(Raw)?|g?unzip|gzip|(brotli|zstd)(Compress|Decompress)|create.*)$/,
  crypto: /^(random.*|getRandomValues|pbkdf2|scrypt|hkdf|generate(Key|KeyPair|Prime)|checkPrime)$/,
}

export const effectsThroughEnv: Rule = {
  name: 'clock, timers, chance, process, files, sockets and threads only through Env',
  check(source) {
    if (!isTypeScript(source) || isTest(source) || !PURE.has(packageOf(source))) return []
    if (source.path.startsWith('packages/env/src/node/')) return []
    const namespaces = new Map<string, string>()
    return findInTree(source, (node) => judge(node, source, namespaces))
  },
}

function judge(node: ts.Node, source: Source, namespaces: Map<string, string>): string | undefined {
  if (ts.isImportDeclaration(node)) return judgeImport(node, namespaces)
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date') {
    return (node.arguments ?? []).length === 0 ? 'new Date()' : undefined
  }
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
    const name = node.expression.text
    return BANNED_CALLS.has(name) || name === 'Date' ? `${name}()` : undefined
  }
  return ts.isPropertyAccessExpression(node) ? judgeMember(node, source, namespaces) : undefined
}

function judgeMember(
  node: ts.PropertyAccessExpression,
  source: Source,
  namespaces: ReadonlyMap<string, string>,
): string | undefined {
  const object = node.expression.getText().replace(/^globalThis\./, '')
  const member = node.name.text
  if (object === 'process') {
    // A binary reads how it was called.
    const isBinary = /\/src\/bin\//.test(source.path)
    return isBinary && (member === 'argv' || member === 'env') ? undefined : `process.${member}`
  }
  if (BANNED_MEMBERS.has(`${object}.${member}`)) return `${object}.${member}`
  if (object === 'globalThis' && BANNED_CALLS.has(member)) return `globalThis.${member}`
  const module = namespaces.get(object)
  return module !== undefined && BANNED_NAMES[module]?.test(member) ? `${object}.${member}` : undefined
}

function judgeImport(node: ts.ImportDeclaration, namespaces: Map<string, string>): string | undefined {
  if (
    !ts.isStringLiteral(node.moduleSpecifier) ||
    node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
  ) {
    return undefined
  }
  const specifier = node.moduleSpecifier.text
  if (BANNED_MODULES.has(specifier)) return `import '${specifier}'`
  const module = specifier.replace(/^node:/, '')
  const banned = BANNED_NAMES[module]
  const clause = node.importClause
  if (banned === undefined || clause === undefined) return undefined
  if (clause.name !== undefined) namespaces.set(clause.name.text, module)
  if (clause.namedBindings === undefined) return undefined
  if (ts.isNamespaceImport(clause.namedBindings)) {
    namespaces.set(clause.namedBindings.name.text, module)
    return undefined
  }
  const name = clause.namedBindings.elements
    .map((one) => (one.propertyName ?? one.name).text)
    .find((one) => banned.test(one))
  return name === undefined ? undefined : `import { ${name} } from '${specifier}'`
}
