import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { firstArgument, hasOption, insertAfter, optionValue, readCommand } from '../../../../runner/agents/cli/command.ts'

const texts = (line: string) => readCommand(line).words.map(({ text }) => text)

describe('words', () => {
  test.each<[string, string[]]>([
    ['claude -p "$(cat $FILE)"', ['claude', '-p', '$(cat $FILE)']],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a line of bash
    ['claude $(echo ")" "$(x)") `a b` ${x:-"}"} -p', ['claude', '$(echo ")" "$(x)")', '`a b`', '${x:-"}"}', '-p']],
    ['claude "a;b|c" && rm x', ['claude', 'a;b|c']],
    ['claude -p x | tee y', ['claude', '-p', 'x']],
    ['claude -p x # -y', ['claude', '-p', 'x']],
    ['claude -p x#y', ['claude', '-p', 'x#y']],
    ['# why\n\n  claude -p', ['claude', '-p']],
    ['claude \\\n  -p', ['claude', '-p']],
    ['claude\n-p', ['claude']],
    ['claude <in 2>&1 >> "out file" -p', ['claude', '-p']],
    ['claude &>log -p', ['claude', '-p']],
    ['claude <<< text -p', ['claude', '-p']],
    ['A=1 B="x y" claude x=1', ['claude', 'x=1']],
    ["cl'au'de 'it''s' é\\ ü", ['claude', 'its', 'é ü']],
    ['claude 7 -p', ['claude', '7', '-p']],
    ['claude "no end', ['claude', 'no end']],
    ["claude 'no end", ['claude', 'no end']],
    ['(claude -p)', []],
    ['', []],
  ])('%j', (line, expected) => expect(texts(line)).toEqual(expected))

  test('are those that bash hands over', () => {
    const line = `printf '%s\\0' a\\ b "c \\"d\\" \\x" 'e"f' g"h"'i' ü "" $'j k' x#y 2>/dev/null z`
    const told = execFileSync('bash', ['-c', line], { encoding: 'utf8' }).split('\0').slice(0, -1)
    expect(texts(line).slice(2)).toEqual(told)
  })

  test('assignments are known by name', () => {
    expect(readCommand('A=1 B="x y" claude').assigned).toEqual({ A: '1', B: 'x y' })
  })

  test.each(['$(', '"$(', '${', '`', '$(("'])('nesting without end ends: %s', (piece) => {
    expect(texts(`claude ${piece.repeat(50_000)}`)[0]).toBe('claude')
  })
})

describe('options', () => {
  test.each<[string, boolean]>([
    ['claude --print', true],
    ['claude "--print"', true],
    ['claude --print=true', true],
    ['claude -p', true],
    ['claude -pfoo', true],
    ['claude --printer', false],
    ['claude --permission-mode plan', false],
    ['claude -- --print', false],
    ['claude "say --print"', false],
    ['claude x | y --print', false],
  ])('%s has --print: %j', (line, expected) => expect(hasOption(readCommand(line), '-p', '--print')).toBe(expected))

  test.each<[string, string | undefined]>([
    ['aider --model a', 'a'],
    ['aider --model=a=b', 'a=b'],
    ['aider -ma', 'a'],
    ['aider --model a --model "b c"', 'b c'],
    ['aider --model "$M"', undefined],
    ['aider --model', undefined],
    ['aider', undefined],
  ])('%s asks for the model %j', (line, expected) => expect(optionValue(readCommand(line), '--model', '-m')).toBe(expected))

  test('the first argument is none of their values', () => {
    expect(firstArgument(readCommand('codex -m exec exec x'), ['-m'])).toBe(3)
    expect(firstArgument(readCommand('codex --json'), [])).toBe(-1)
    expect(firstArgument(readCommand('codex -- -x'), [])).toBe(2)
  })
})

describe('more arguments', () => {
  const odd = ["it's", '$HOME', '', '*', 'a b', '"', '\n', 'é', '`x`', '--x={"a":"b"}']

  test.each([
    ['probe', ' "last one"', ['last one']],
    ['A=1 probe', ' x | cat && true # probe', ['x']],
    ['probe', ';true', []],
    ['probe', '\\\n x', ['x']],
    ["p'rob'e", ' </dev/null x', ['x']],
  ])('%s...%s gets them as they are, before its own', (before, after, own) => {
    const line = insertAfter(readCommand(before + after), 0, odd)
    expect(line.startsWith(before)).toBe(true)
    const told = execFileSync('bash', ['-c', `probe() { printf '%s\\0' "$@"; }\n${line}`], { encoding: 'utf8' })
    expect(told.split('\0').slice(0, -1)).toEqual([...odd, ...own])
  })
})
