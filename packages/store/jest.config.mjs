import config from '../../tools/jest.config.mjs'

export default {
  ...config,
  collectCoverageFrom: ['src/**/*.ts', '!src/**/*.fixture.ts', '!src/**/*.test.ts', '!src/**/index.ts'],
  // Looked at by `npm run coverage` and in the long run of the unit tests.
  coverageThreshold: { global: { branches: 90 } },
}
