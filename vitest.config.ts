import { defineConfig } from 'vitest/config'

/**
 * Tests that leave something on the engine on purpose, or remove what others left: nobody else may start a proctor meanwhile, for that cleans
 * up too. And one that measures how long somebody waits.
 */
const alone = [
  'test/e2e/app-burst.test.ts',
  'test/e2e/crash.test.ts',
  'test/e2e/cli.test.ts',
  'test/e2e/credentials.test.ts',
  'test/runner/adapters/docker/reaper.test.ts',
]
const shared = { testTimeout: 60_000, hookTimeout: 120_000 }

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'beside',
          include: ['test/**/*.test.ts'],
          exclude: ['test/fixtures/**', ...alone],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: 'alone',
          include: alone,
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
