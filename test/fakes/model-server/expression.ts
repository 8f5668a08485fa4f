/** A call that a test makes, and what it expects. */
export type Case = { readonly inputs: readonly number[]; readonly wanted: number }

export const bindings = (names: readonly string[], values: readonly number[]): ReadonlyMap<string, number> =>
  new Map(names.map((name, index) => [name, values[index] ?? Number.NaN]))

/** Whole numbers, names, + - * and Python's precedence: all that the seeded functions hold. NaN for anything else. */
export function value(expression: string, names: ReadonlyMap<string, number>): number {
  const tokens = expression.match(/\w+|\S/g) ?? []
  const operand = (token: string | undefined) => (token === undefined ? Number.NaN : (names.get(token) ?? Number(token)))
  let sum = 0
  let product = operand(tokens[0])
  for (let at = 1; at < tokens.length; at += 2) {
    const [operator, next] = [tokens[at], operand(tokens[at + 1])]
    if (operator === '*') product *= next
    else if (operator === '+' || operator === '-') {
      sum += product
      product = operator === '+' ? next : -next
    } else return Number.NaN
  }
  return sum + product
}

/** The smallest change of one operator or one number that makes a function do what its test says; undefined when there is none. */
export function repair(source: string, test: string): { readonly broken: string; readonly fixed: string } | undefined {
  const [, name = '', parameters = '', broken = '', expression = ''] =
    /def (\w+)\(([^)]*)\):\n(?:[^\S\n]+"""[^\n]*"""\n)?([^\S\n]+return ([^\n]+))/.exec(source) ?? []
  const cases = [...test.matchAll(new RegExp(`assert ${name}\\(([^)]*)\\) == (-?\\d+)`, 'g'))].map(
    ([, inputs = '', wanted = '']): Case => ({ inputs: inputs.split(',').map(Number), wanted: Number(wanted) }),
  )
  if (!name || cases.length === 0) return undefined
  const names = parameters.split(',').map((parameter) => parameter.trim())
  const works = (candidate: string) => cases.every(({ inputs, wanted }) => value(candidate, bindings(names, inputs)) === wanted)
  const fixed = [...variants(expression)].find(works)
  return fixed === undefined ? undefined : { broken, fixed: broken.replace(expression, fixed) }
}

function* variants(expression: string): Generator<string> {
  for (const token of expression.matchAll(/[+*-]|\d+/g)) {
    const others = /\d/.test(token[0]) ? Array.from({ length: 200 }, (_, number) => `${number}`) : ['+', '-', '*']
    for (const other of others) yield expression.slice(0, token.index) + other + expression.slice(token.index + token[0].length)
  }
}
