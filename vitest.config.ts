import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The acceptance tests start real servers: two workers keep a small machine responsive.
    maxWorkers: 2,
    testTimeout: 20_000,
  },
});
