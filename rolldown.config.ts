import { join } from 'node:path'
import { defineConfig, type RolldownOptions } from 'rolldown'

const out = process.env.PROCTOR_BUILD_OUT ?? 'dist'

/**
 * The CLI for people who install it, one file a verb, loaded when it is called; and beside it the action, which the runner starts from a
 * checkout without node_modules. Only what Node brings is left outside.
 */
export default defineConfig([
  bundle({ input: { main: 'cli/index.ts' }, dir: out }),
  bundle({ input: { main: 'action/main.ts', post: 'action/post.ts' }, dir: join(out, 'action') }),
])

function bundle({ input, dir }: { readonly input: Record<string, string>; readonly dir: string }): RolldownOptions {
  return {
    input,
    platform: 'node',
    // Native parts of ssh2, which does without them.
    external: [/\.node$/, 'cpu-features'],
    transform: { target: 'node24', define: { __dirname: 'import.meta.dirname' } },
    plugins: [
      {
        // A bundle is flat, and script/build puts what runs in a sandbox into one folder beside it.
        name: 'inside',
        transform: {
          filter: { code: 'import.meta.url' },
          handler: (code) => code.replace(/(new URL\(['`])[\w./-]*\/inside\//g, '$1./inside/'),
        },
      },
    ],
    output: { dir, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
  }
}
