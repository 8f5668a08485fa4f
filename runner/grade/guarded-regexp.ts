import { createContext, Script } from 'node:vm'

/** Milliseconds. A pattern that backtracks without end on a hostile text is stopped here; an honest one needs microseconds. */
const deadline = 250
const context = createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } })
const search = new Script('new RegExp(pattern, flags).test(text)')

export class PatternTooSlow extends Error {}

/** Whether a JavaScript regular expression is found in the text. Throws SyntaxError for a wrong pattern, PatternTooSlow at the deadline. */
export function hasMatch(pattern: string, flags: string, text: string): boolean {
  // Said outside, where the class is the caller's own.
  new RegExp(pattern, flags)
  Object.assign(context, { pattern, flags, text })
  try {
    return search.runInContext(context, { timeout: deadline }) === true
  } catch (thrown) {
    // An error of the other context is no instance of this one's Error.
    if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
      throw new PatternTooSlow(`the pattern ${pattern} did not finish within ${deadline} ms`)
    }
    throw thrown
  } finally {
    Object.assign(context, { text: '' })
  }
}
