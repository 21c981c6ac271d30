// Biome does the linting; ESLint has only the three rules that need types.
import tseslint from 'typescript-eslint'

export default [
  { ignores: ['**/dist/**', '**/generated/**', '**/*.mjs', '**/*.cjs', '**/*.js', '**/*.d.ts'] },
  {
    files: ['packages/*/src/**/*.ts', 'apps/**/src/**/*.ts', 'tests/*/src/**/*.ts', 'tools/src/**/*.ts'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: {
        project: ['./tsconfig.check.json', './apps/demo/web/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
    },
  },
]
