// Who may import whom: ARCHITECTURE.md, "The package graph". A level imports only from lower levels.
const levels = [
  ['env', 'message'],
  ['remoting', 'store', 'sim'],
  ['broker', 'nameserver', 'client'],
  ['nestjs', 'proxy', 'console', 'log-transport'],
  ['embedded'],
  ['cli', 'testing'],
]

/** The level of the simulator, and that of the packages that work through the client. */
const SIM = 1
const FRONTS = 3

const folder = (names) => `^packages/(${names.join('|')})/`

const TEST = '\\.test\\.ts$'
const TEST_OR_FIXTURE = '\\.(test|fixture)\\.ts$'
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

/** A package may import itself and what is on a lower level: nothing beside it, nothing above it. */
const levelRules = levels.flatMap((names, level) =>
  names.flatMap((name) => {
    const comment = `packages/${name} is on level ${level}: it imports only from the levels below.`
    const above = `${folder(levels.slice(level).flat())}|^apps/`
    const rule = (suffix, from, mayUse) =>
      forbid(
        `level-${level}-${name}${suffix}`,
        comment,
        { path: folder([name]), ...from },
        { path: above, pathNot: folder(mayUse) },
      )
    // What is beside the simulator is tested in it. It is never part of what runs.
    if (level === SIM) {
      return [
        rule('', { pathNot: TEST_OR_FIXTURE }, [name]),
        rule('-test', { path: `${folder([name])}.*${TEST_OR_FIXTURE}` }, [name, 'sim']),
      ]
    }
    if (level !== FRONTS) return [rule('', {}, [name])]
    // The test of a front needs a broker to talk to: it may start an embedded one, and reaches no deeper.
    return [
      rule('', { pathNot: TEST }, [name]),
      rule('-test', { path: `${folder([name])}.*${TEST}` }, [name, 'embedded']),
    ]
  }),
)

module.exports = {
  forbidden: [
    ...levelRules,
    forbid(
      'sim-imports-env',
      'sim imports only env.',
      { path: folder(['sim']) },
      { path: '^packages/', pathNot: folder(['sim', 'env']) },
    ),
    forbid(
      'sim-runs-only-tests',
      'Only tests, and the testing package, run in the simulator.',
      { path: '^(packages|apps)/', pathNot: `${TEST_OR_FIXTURE}|${folder(['sim', 'testing'])}` },
      { path: folder(['sim']) },
    ),
    forbid(
      'fronts-work-through-client',
      'nestjs, proxy, console and log-transport work through the client, never a broker or its parts.',
      { path: folder(['nestjs', 'proxy', 'console', 'log-transport']) },
      { path: folder(['broker', 'nameserver', 'store']) },
    ),
    forbid(
      'client-stays-out-of-server-parts',
      'The client never imports the store.',
      { path: folder(['client']) },
      { path: folder(['store']) },
    ),
    forbid(
      'testing-reaches-nestjs-only-in-nest',
      'Only the subpath testing/nest may import nestjs.',
      { path: '^packages/testing/', pathNot: '^packages/testing/src/nest/' },
      { path: folder(['nestjs']) },
    ),
    forbid(
      'entered-through-an-entry',
      'A package is entered by its name or a declared subpath, never by a path into it.',
      { path: '^(packages|apps|tests)/([^/]+)/' },
      { path: '^packages/[^/]+/src/', pathNot: '^packages/$2/' },
    ),
    forbid(
      'no-app-imports-an-app',
      'Services meet through their contracts package, never through each other; all stand on apps/service.',
      // The demo starts services; the comparison makes the worker's own decisions without a queue.
      { path: '^apps/([^/]+)/([^/]+)/', pathNot: '^apps/(demo|seckill/compare)/' },
      { path: '^apps/', pathNot: '^apps/($1/($2|contracts)|service)/' },
    ),
    forbid(
      'nobody-imports-tests-or-tools',
      'Tests and tools are not imported.',
      { path: '^(packages|apps)/' },
      { path: '^(tests|tools)/', pathNot: '^tools/jest' },
    ),
    forbid(
      'no-cycle',
      'Two files that need each other to run are one idea in two places; types may go both ways.',
      {},
      { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    ),
    forbid('not-resolved', 'An import leads nowhere.', { pathNot: '\\.d\\.ts$' }, { couldNotResolve: true }),
    forbid(
      'declared-dependency',
      'A package imports only what its package.json names (tests may use what the root names).',
      { path: '^(packages|apps)/', pathNot: '\\.(test|fixture)\\.ts$|/jest\\.config\\.mjs$' },
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules|/dist/' },
    // These stand outside the workspace, with packages that they install themselves.
    exclude: { path: '/\\.cache/|^tests/nest-' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.check.json' },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
}
