// One Jest configuration for every package; a package's jest.config.mjs re-exports it, so rootDir is the
// package. Siblings are imported by name and run from their dist; only the package under test is compiled
// from src.
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/src'],
  testMatch: ['<rootDir>/src/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  // js first: in dist and node_modules the compiled file wins, in src only the .ts exists.
  moduleFileExtensions: ['js', 'mjs', 'ts', 'cjs', 'json', 'node'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        module: { type: 'es6' },
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            useDefineForClassFields: true,
            verbatimModuleSyntax: true,
          },
          keepClassNames: true,
        },
      },
    ],
  },
  // turbo runs two packages at a time, and the rows of tests/ share the machine with brokers they start.
  maxWorkers: 1,
  // A guard against a test that hangs, not a measure of speed: a busy machine must not fail a test.
  testTimeout: 30_000,
  errorOnDeprecated: true,
}
