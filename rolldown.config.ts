import { defineConfig } from 'rolldown'

/** dist/: the CLI for people who install it. One file a verb, loaded when it is called; only what Node brings is left outside. */
export default defineConfig({
  input: { main: 'cli/index.ts' },
  platform: 'node',
  // Native parts of ssh2, which does without them.
  external: [/\.node$/, 'cpu-features'],
  transform: { target: 'node24', define: { __dirname: 'import.meta.dirname' } },
  plugins: [
    {
      // The bundle is flat, and script/build puts what runs in a sandbox into one folder beside it.
      name: 'inside',
      transform: {
        filter: { code: 'import.meta.url' },
        handler: (code) => code.replace(/(new URL\(['`])[\w./-]*\/inside\//g, '$1./inside/'),
      },
    },
  ],
  output: { dir: 'dist', format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js', cleanDir: true },
})
