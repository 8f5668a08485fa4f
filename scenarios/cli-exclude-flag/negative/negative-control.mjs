import { registerHooks } from 'node:module'

const failing = new URL('./failing-tests.mjs', import.meta.url).href

/** Test files get a `node:test` whose tests all fail. */
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'node:test' && context.parentURL?.endsWith('.test.js')
      ? { url: failing, format: 'module', shortCircuit: true }
      : next(specifier, context),
})
