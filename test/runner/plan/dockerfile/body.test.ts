// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles write their variables so
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { baseEnv, readDockerfile } from '../../../../runner/plan/dockerfile/body.ts'

/** What the steps say when a shell runs them here: sh, sudo and folders are those of this machine. */
const output = (run: string, env: Readonly<Record<string, string>> = {}) =>
  execFileSync('/bin/bash', ['-c', run], { encoding: 'utf8', env: { PATH: process.env.PATH ?? '', ...env } })
/** `line:column message` */
const where = (text: string, at: number) => {
  const before = text.slice(0, at).split('\n')
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`
}
const problems = (text: string) => readDockerfile(text).problems.map(({ message, at }) => `${where(text, at)} ${message}`)
const warnings = (text: string) => readDockerfile(text).warnings.map(({ message, at }) => `${where(text, at)} ${message}`)
const outputs = (text: string) => readDockerfile(text).steps.map(({ run, env }) => output(run, env))

describe('what RUN runs', () => {
  test.each<[what: string, body: string, said: readonly string[]]>([
    ['one line', 'RUN echo one', ['one\n']],
    ['several', 'RUN echo one\nRUN echo two\n', ['one\n', 'two\n']],
    ['any case of letters', 'run echo one\nRun echo two', ['one\n', 'two\n']],
    ['blanks around it', '  \tRUN \t echo one  \t', ['one\n']],
    ['lines that go on', 'RUN echo one \\\n  two \\\n  three', ['one two three\n']],
    ['blanks after the backslash', 'RUN echo one \\ \t\n two', ['one two\n']],
    ['a word in two', 'RUN echo on\\\ne', ['one\n']],
    ['two backslashes do not go on', 'RUN echo "one\\\\"\nRUN echo two', ['one\\\n', 'two\n']],
    ['comments in between', 'RUN echo one \\\n# a comment\n   # another \\\n two', ['one two\n']],
    ['empty lines in between', 'RUN echo one \\\n\n \t\n two', ['one two\n']],
    ['a backslash on the last line', 'RUN echo one \\', ['one\n']],
    ['comments and empty lines around', '\n# first\n\n  # second\nRUN echo one\n#last', ['one\n']],
    ['# within a command', 'RUN echo one # two', ['one\n']],
    ['line ends of Windows', 'RUN echo one \\\r\n two\r\nRUN echo three\r\n', ['one two\n', 'three\n']],
    ['a byte order mark', '\ufeffRUN echo one', ['one\n']],
    ['quotes and dollars are the shell’s', `RUN X=1; echo "a $X" 'b $X' \${X}`, ['a 1 b $X 1\n']],
    ['its exec form', 'RUN ["printf", "%s|", "a b", "$HOME"]', ['a b|$HOME|']],
    ['an exec form over several lines', 'RUN ["echo", \\\n  "it\'s"]', ["it's\n"]],
    ['what only looks like an exec form', 'RUN [ 1 = 1 ] && echo same', ['same\n']],
    ['a shell that is sh', 'RUN echo "[$0]"', ['[/bin/sh]\n']],
    ['a heredoc alone: a script', 'RUN <<EOF\necho one\necho "two"\nEOF\nRUN echo three', ['one\ntwo\n', 'three\n']],
    ['of any name', 'RUN <<a-b.c\necho one\na-b.c', ['one\n']],
    ['in quotes', 'RUN <<\'EOF\'\necho $((1+1))\nEOF\nRUN <<"END"\necho one\nEND', ['2\n', 'one\n']],
    ['with tabs', 'RUN <<-EOF\n\techo one\n\t\techo two\n\tEOF', ['one\ntwo\n']],
    ['a script for another program', 'RUN <<EOF\n#!/usr/bin/env python3\nprint("one")\nEOF', ['one\n']],
    ['a heredoc for a command', 'RUN cat <<EOF\none \\\n# no comment\n\nRUN two\nEOF', ['one # no comment\n\nRUN two\n']],
    ['in quotes, untouched', "RUN cat <<'EOF'\n$HOME \\\n`id`\nEOF", ['$HOME \\\n`id`\n']],
    ['two of them', 'RUN cat <<A - /dev/fd/3 3<<B\none\nA\ntwo\nB', ['one\ntwo\n']],
    ['with tabs, for a command', 'RUN cat <<-EOF\n\t\tone\n\tEOF', ['one\n']],
    ['no heredoc', 'RUN echo "<<EOF" "$((1<<2))"', ['<<EOF 4\n']],
    ['nothing', '', []],
    ['nothing but comments', '# RUN echo one\n\n#RUN echo two\n', []],
  ])('%s', (_, body, said) => {
    expect(problems(body)).toEqual([])
    expect(outputs(body)).toEqual(said)
  })

  test.each([
    'RUN exit 3',
    'RUN ["sh", "-c", "exit 3"]',
    'RUN <<EOF\nexit 3\nEOF',
    'RUN <<EOF\n#!/bin/sh\nexit 3\nEOF',
    'RUN sh <<EOF\nexit 3\nEOF',
  ])('%j exits as its command does', (body) => {
    expect(() => outputs(body)).toThrow(expect.objectContaining({ status: 3 }))
  })

  test('a step says what was written, and runs as `user` in its home folder', () => {
    const [one, two] = readDockerfile('RUN echo one \\\n # no\n   two\nRUN cat <<EOF\nthree\nEOF').steps
    expect(one).toMatchObject({ title: 'RUN echo one    two', as: 'user', cwd: '/home/user', env: {} })
    expect(two?.title).toBe('RUN cat <<EOF\nthree\nEOF')
  })
})

describe('what ENV sets', () => {
  const home = '/home/user'
  test.each<[what: string, body: string, env: Readonly<Record<string, string>>]>([
    ['one variable', 'ENV A=1', { A: '1' }],
    ['several', 'ENV A=1 B=2\nENV C=3', { A: '1', B: '2', C: '3' }],
    ['over lines', 'ENV A=1 \\\n  B=2 \\\n# no\n  C=3', { A: '1', B: '2', C: '3' }],
    ['quoted', `ENV A="b c" D='e "f"' G=h\\ i`, { A: 'b c', D: 'e "f"', G: 'h i' }],
    ['an equals sign in a value', 'ENV NODE_OPTIONS=--max-old-space-size=4096', { NODE_OPTIONS: '--max-old-space-size=4096' }],
    ['nothing', 'ENV A= B=""', { A: '', B: '' }],
    ['without an equals sign', 'ENV A b  c "d e" ', { A: 'b  c d e' }],
    ['an earlier one', 'ENV A=1\nENV B=$A C=${A}2 D="$A 3"', { A: '1', B: '1', C: '12', D: '1 3' }],
    ['not one of the same line', 'ENV A=1\nENV A=2 B=$A', { A: '2', B: '1' }],
    ['those of the base image', 'ENV PATH=/opt/bin:$PATH X=${HOME}/x', { PATH: `/opt/bin:${baseEnv.PATH}`, X: `${home}/x` }],
    ['escaped', `ENV A=\\$HOME B="\\$HOME" C='$HOME' D="\\a\\""`, { A: '$HOME', B: '$HOME', C: '$HOME', D: '\\a"' }],
    ['a default', 'ENV E=\nENV A=${X:-1} B=${E:-2} C=${E-3} D=${HOME:-4}', { E: '', A: '1', B: '2', C: '', D: home }],
    ['a default of a default', 'ENV A=${X:-${Y:-"b c"}} D="${X:-e f}"', { A: 'b c', D: 'e f' }],
    ['an alternative', 'ENV E=\nENV A=${X:+1} B=${E:+2} C=${E+3} D=${HOME:+4}', { E: '', A: '', B: '', C: '3', D: '4' }],
    ['what is there', 'ENV A=${HOME:?nobody}', { A: home }],
    ['a dollar that is one', 'ENV A=$ B=a$/b', { A: '$', B: 'a$/b' }],
    ['the last of two', 'ENV A=1\nENV A=2', { A: '2' }],
    ['an unset one', 'ENV A=[$NOBODY]', { A: '[]' }],
    ['a name that every object has', 'ENV A=[$constructor] B=${toString:-x}', { A: '[]', B: 'x' }],
  ])('%s', (_, body, env) => {
    expect(problems(body)).toEqual([])
    expect(readDockerfile(body).env).toEqual(env)
  })

  test('the steps after it have it, those before do not', () => {
    expect(outputs('RUN echo "[$A]"\nENV A=1\nRUN echo "[$A]"\nENV A=2\nRUN echo "[$A]"')).toEqual(['[]\n', '[1]\n', '[2]\n'])
  })

  test('what the base image sets is what the parser takes it to set', () => {
    const written = readFileSync(join(import.meta.dirname, '../../../../images/base/Dockerfile'), 'utf8')
    expect(written).toContain(`LANG=${baseEnv.LANG}`)
    expect(written).toContain(`PATH=${baseEnv.PATH}`)
  })
})

describe('where WORKDIR leads', () => {
  test.each([
    ['WORKDIR /opt/app', '/opt/app'],
    ['WORKDIR app', '/home/user/app'],
    ['WORKDIR a\nWORKDIR b/../c', '/home/user/a/c'],
    ['WORKDIR a\nWORKDIR /b', '/b'],
    ['ENV AT=/srv\nWORKDIR $AT/app', '/srv/app'],
    ['WORKDIR "/opt/with blank"', '/opt/with blank'],
    ['WORKDIR /opt/with blank', '/opt/with blank'],
    ['workdir ~', '/home/user/~'],
  ])('%j', (body, cwd) => {
    const { steps } = readDockerfile(`${body}\nRUN true`)
    expect(problems(body)).toEqual([])
    expect(steps.at(-1)?.cwd).toBe(cwd)
    expect(steps.at(-2)).toMatchObject({ as: 'root', title: expect.stringMatching(/^WORKDIR /) })
  })
})

describe('what it may not hold is named with its place, all in one go', () => {
  const accepted = 'accepted: RUN, ENV and WORKDIR'
  test.each<[body: string, found: readonly string[]]>([
    ['FROM debian', [`1:1 \`FROM\`: the body begins on the base image; ${accepted}`]],
    ['COPY . /app', [`1:1 \`COPY\`: there is no build context to copy from; ${accepted}`]],
    ['  add a.tar /', [`1:3 \`add\`: there is no build context to add from; ${accepted}`]],
    ['USER root', [`1:1 \`USER\`: everything runs as \`user\`, who may use sudo; ${accepted}`]],
    ['ENTRYPOINT ["x"]', [`1:1 \`ENTRYPOINT\`: what runs is said by the agent; ${accepted}`]],
    ['CMD x', [`1:1 \`CMD\`: what runs is said by the agent; ${accepted}`]],
    ['ARG X=1', [`1:1 \`ARG\`: there is nobody to give it a value; ENV sets one; ${accepted}`]],
    ['SHELL ["bash"]', [`1:1 \`SHELL\`: RUN has /bin/sh, and its exec form has any other; ${accepted}`]],
    ...['EXPOSE 80', 'HEALTHCHECK NONE', 'LABEL a=b', 'MAINTAINER me', 'ONBUILD RUN x', 'STOPSIGNAL 9', 'VOLUME /x'].map(
      (body) =>
        [body, [`1:1 \`${body.split(' ')[0]}\`: it means nothing to an image that only proctor uses; ${accepted}`]] as [string, string[]],
    ),
    ['RUM true', [`1:1 \`RUM\`; did you mean \`RUN\`?; ${accepted}`]],
    ['apt-get update', [`1:1 \`apt-get\`; ${accepted}`]],
    [`${'x'.repeat(100)} y`, [`1:1 \`${'x'.repeat(59)}…\`; ${accepted}`]],
    ['RUN', ['1:1 `RUN` without a command']],
    ['RUN \\\n\n# x', ['1:1 `RUN` without a command']],
    ['RUN []', ['1:1 `RUN` without a command']],
    ...['--mount=type=cache,target=/x', '--network=none', '--security=insecure', '--device=x', '--new'].map(
      (flag) =>
        [
          `RUN true\nRUN ${flag} make`,
          [`2:5 the flag \`${flag}\` of RUN, which needs the engine's own builder; accepted: RUN without flags`],
        ] as [string, string[]],
    ),
    ['RUN cat <<EOF\none\nEOF \n', ['1:9 a heredoc that begins with `<<EOF` and has no line `EOF` to end it']],
    ['RUN <<EOF\n', ['1:5 a heredoc that begins with `<<EOF` and has no line `EOF` to end it']],
    ['# escape=`\nRUN true', ['1:1 the directive `# escape=``; accepted: the usual escape character, a backslash']],
    ['ENV', ['1:1 `ENV` without a variable; accepted: ENV NAME=value ...']],
    ['ENV A', ['1:5 `A` without a value; accepted: ENV NAME=value ... or ENV NAME value']],
    ['ENV A=1 \\\n  B C=3', ['2:3 `B` without a value; accepted: ENV NAME=value ... or ENV NAME value']],
    ['ENV =1', ['1:5 the variable ``; accepted: letters, digits and underscores, no digit first']],
    [
      'ENV A=1 2B=3 C-D=4',
      ['1:9 the variable `2B`', '1:14 the variable `C-D`'].map(
        (text) => `${text}; accepted: letters, digits and underscores, no digit first`,
      ),
    ],
    ['ENV A=b"c', ['1:8 a " without its partner']],
    ["ENV A=1 B='c", ["1:11 a ' without its partner"]],
    ['ENV A=${B', ['1:7 a `${` without its `}`']],
    ['ENV A=${B:-c d}', ['1:12 a `${` without its `}`', '1:14 `d}` without a value; accepted: ENV NAME=value ... or ENV NAME value']],
    ['ENV A=${}', ['1:7 a `${` without a name']],
    ['ENV A=x${B#y}', ['1:8 `${B#y`; accepted: ${X}, ${X:-word}, ${X:+word} and ${X:?word}']],
    ['ENV A="${B:?say B}"', ['1:8 `${B:?...}`, and B is not set: say B']],
    ['WORKDIR', ['1:1 `WORKDIR` without a folder']],
    ['WORKDIR $NOWHERE', ['1:1 `WORKDIR` without a folder']],
    ['WORKDIR ${X', ['1:9 a `${` without its `}`']],
    ['RUN true\0', ['1:9 a NUL character']],
    [
      'COPY a b\nRUN true\n\n  USER x',
      [
        `1:1 \`COPY\`: there is no build context to copy from; ${accepted}`,
        `4:3 \`USER\`: everything runs as \`user\`, who may use sudo; ${accepted}`,
      ],
    ],
    ['é'.repeat(16_385), ['1:1 32,770 bytes; accepted: at most 32,768']],
  ])('%j', (body, found) => {
    expect(problems(body)).toEqual(found)
  })

  test('32 KB is not too much', () => {
    const body = `RUN echo one\n#${'x'.repeat(32_768 - 14)}`
    expect(Buffer.byteLength(body)).toBe(32_768)
    expect(problems(body)).toEqual([])
  })
})

describe('what deserves a word', () => {
  test.each<[body: string, found: readonly string[]]>([
    ['# syntax=docker/dockerfile:1\nRUN true', ['1:1 `# syntax=docker/dockerfile:1` is ignored: proctor runs the steps itself']],
    ['#check = skip=all\n# escape=\\\nRUN true', ['1:1 `# check=skip=all` is ignored: proctor runs the steps itself']],
    ['RUN true\n# syntax=x\n# escape=`', []],
    ['\n# syntax=x', []],
    ['# a comment\n# syntax=x', []],
    ['ENV A=1\nENV B=$A$C ${D}=1', ['2:7 `$C` is not set here, and taken as empty']],
    ["RUN ['a', 'b']", ['1:1 RUN looks like its exec form, but is no JSON list of strings: a shell runs it as it stands']],
  ])('%j', (body, found) => {
    expect(warnings(body)).toEqual(found)
  })
})

test('any text is read, whatever it is', () => {
  const pieces = [
    'RUN ',
    'ENV ',
    'WORKDIR ',
    'A=',
    '<<E',
    '\nE\n',
    '\\',
    '\n',
    '"',
    "'",
    '${',
    '}',
    '$',
    '[',
    '#',
    ' ',
    '\t',
    'x',
    '\r\n',
    ':-',
    'é',
    '\u{1f600}',
  ]
  let seed = 1
  const next = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed
  }
  for (let round = 0; round < 3000; round++) {
    const text = Array.from({ length: next() % 30 }, () => pieces[next() % pieces.length]).join('')
    const body = readDockerfile(text)
    for (const { at } of [...body.problems, ...body.warnings]) expect(at >= 0 && at <= text.length, JSON.stringify(text)).toBe(true)
  }
})
