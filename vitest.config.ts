import { defineConfig } from 'vitest/config';

const { temporaryPlace } = (await import(new URL('./tools/temporary.mjs', import.meta.url).href)) as { temporaryPlace(): { readonly path: string } };
// For the files of all tests and of all that they start.
process.env.TMPDIR = temporaryPlace().path;

// Tests run against the sources: `@chunker/source` is the exports condition that points at `src`.
export default defineConfig({
  resolve: { conditions: ['@chunker/source', 'node', 'import', 'default'] },
  ssr: { resolve: { conditions: ['@chunker/source', 'node', 'import', 'default'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts'],
    setupFiles: ['packages/core/test/in-every-file.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'packages/*/test/packed/**'],
    pool: 'forks',
    // The default keeps a core for itself: on two cores that is one file at a time.
    maxWorkers: '100%',
    // Laws about memory collect garbage before they measure.
    execArgv: ['--expose-gc'],
    // For what hangs, not for what is slow: a test that does its work in a second has five minutes for it on a machine that is busy.
    testTimeout: 300_000,
    hookTimeout: 600_000,
    reporters: ['default'],
  },
});
