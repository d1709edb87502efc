import unit from './jest.config.js'

/** Adapters against real servers; scripts/test-servers.ts boots them. One after the other: they share the servers. */
export default {
  ...unit,
  testMatch: ['**/*.server.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
  testTimeout: 120_000,
}
