import { randomInt } from 'node:crypto'
import { bindings, type Case, value } from './expression.ts'

export type Bug = {
  /** Give it again to get the same bug again. */
  readonly seed: number
  /** A small Python repository with one failing test: path -> text. */
  readonly files: Readonly<Record<string, string>>
  readonly prompt: string
  readonly source: string
  readonly test: string
  /** Runs the test in the repository's root. */
  readonly command: string
  /** The line as it is, and as it was meant. */
  readonly broken: string
  readonly fixed: string
}
type Options = { readonly seed?: number; readonly runner?: 'pytest' | 'python' }

const heads = ['adjust', 'scale', 'shift', 'blend', 'settle', 'rate', 'fold', 'level']
const tails = ['harbour', 'meadow', 'lantern', 'orchard', 'pebble', 'thicket', 'glacier', 'willow']
const operators = ['+', '-', '*'] as const
const expression = (first: string, second: string, constant: number) => `amount ${first} weight ${second} ${constant}`

/** A bug that nobody can know beforehand: names, operators and constants are random, and only the test says what was meant. */
export function makeBug({ seed = randomInt(2 ** 31), runner = 'pytest' }: Options = {}): Bug {
  const random = generator(seed)
  const pick = <Item>(items: readonly [Item, ...Item[]]): Item => items[Math.floor(random() * items.length)] ?? items[0]
  const between = (least: number, most: number) => least + Math.floor(random() * (most - least + 1))

  const tail = pick(tails as [string, ...string[]])
  const name = `${pick(heads as [string, ...string[]])}_${tail}_${between(10, 99)}`
  const [first, second, constant] = [pick(operators), pick(operators), between(3, 60)]
  const wrong = (right: (typeof operators)[number]) => pick(operators.filter((other) => other !== right) as unknown as typeof operators)
  const meant = expression(first, second, constant)
  const written = pick([
    () => expression(wrong(first), second, constant),
    () => expression(first, wrong(second), constant),
    () => expression(first, second, constant + between(1, 9)),
  ])()

  const cases = Array.from({ length: 5 }, (): Case => {
    const inputs = [between(2, 40), between(2, 40)]
    return { inputs, wanted: value(meant, bindings(['amount', 'weight'], inputs)) }
  })
  const source = `${tail}.py`
  const test = `test_${tail}.py`
  return {
    seed,
    source,
    test,
    command: runner === 'pytest' ? `python3 -B -m pytest -q -p no:cacheprovider ${test}` : `python3 -B ${test}`,
    broken: `    return ${written}`,
    fixed: `    return ${meant}`,
    prompt: `The test in ${test} fails. Find out why, correct ${source}, and run the test again. Leave the test as it is.`,
    files: {
      'README.md': `# ${tail}\n\nOne function, one test: \`${runner === 'pytest' ? 'pytest' : `python3 ${test}`}\`.\n`,
      [source]: `"""Numbers of the ${tail}."""\n\n\ndef ${name}(amount, weight):\n    return ${written}\n`,
      [test]: testText(tail, name, cases, runner),
    },
  }
}

function testText(module: string, name: string, cases: readonly Case[], runner: 'pytest' | 'python') {
  const asserts = cases.map(({ inputs, wanted }) => `    assert ${name}(${inputs.join(', ')}) == ${wanted}`).join('\n')
  const main = `\n\nif __name__ == "__main__":\n    test_${name}()\n    print("1 passed")\n`
  return `from ${module} import ${name}\n\n\ndef test_${name}():\n${asserts}\n${runner === 'python' ? main : ''}`
}

/** mulberry32: the same numbers for the same seed. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
