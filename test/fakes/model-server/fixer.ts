import { verdict } from '../judge-server.ts'
import { type Asked, Missing, type Move, sample } from './conversation.ts'
import { repair } from './expression.ts'
import { answersOf, promptOf, type Toolbox, toolbox } from './toolbox.ts'

/**
 * The next move of somebody who fixes a bug and knows nothing of it but what stands in the request. Throws `Missing` when that is not
 * enough. Requests that are none of it (titles, warm-ups, checks) get a harmless answer.
 */
export function nextMove(asked: Asked): Move {
  if (asked.schema) return { text: JSON.stringify(structured(asked)) }
  const tools = toolbox(asked)
  if (tools) return fix(asked, tools)
  if (/SEARCH\/REPLACE/.test(asked.system)) return searchAndReplace(asked)
  return { text: `I read: ${promptOf(asked.events).slice(0, 200)}` }
}

/** A judge's question is answered from its evidence, anything else with something that follows its schema. */
function structured({ schema, system, events, model }: Asked): unknown {
  if (schema?.name !== 'verdict') return sample(schema?.schema ?? {})
  const criteria = schema.schema.properties?.criteria?.items?.properties?.name?.enum ?? []
  const messages = [
    { role: 'system', content: system },
    { role: 'user', content: promptOf(events) },
  ]
  return verdict({ messages, criteria: criteria.map(String), model, structured: true })
}

const listing = 'pwd && git ls-files'
const failing = /FAILED|AssertionError|Traceback/

/** Look around, read the test, run it, read the source, correct it, run the test again, say so: one step a request. */
function fix({ events }: Asked, tools: Toolbox): Move {
  const answers = answersOf(events)
  const [listed, testText, firstRun, sourceText, edited, secondRun] = answers
  if (listed === undefined) return { text: 'I look around first.', call: tools.shell(listing) }
  const { folder, test } = look(listed, promptOf(events))
  if (testText === undefined) return { text: 'I read the test.', call: tools.read(`${folder}/${test}`) }
  const { module, command } = readTest(unnumbered(testText), test)
  if (firstRun === undefined) return { text: `I run \`${command}\` as it is.`, call: tools.shell(command) }
  if (!failing.test(firstRun)) return { text: `Nothing to correct, the test passes: ${outcome(firstRun)}` }
  if (sourceText === undefined) return { text: `It fails, so I read ${module}.`, call: tools.read(`${folder}/${module}`) }
  const change = repair(unnumbered(sourceText), unnumbered(testText))
  if (!change) throw new Missing(`what was read of ${module} and ${test} holds no bug that can be found`)
  if (edited === undefined)
    return {
      text: `\`${change.broken.trim()}\` should be \`${change.fixed.trim()}\`.`,
      call: tools.replace(`${folder}/${module}`, change.broken, change.fixed),
    }
  if (secondRun === undefined) return { text: 'Now the test again.', call: tools.shell(command) }
  if (failing.test(secondRun)) return { text: `The test still fails: ${outcome(secondRun)}` }
  return { text: `Fixed ${module}: \`${change.fixed.trim()}\`. The test says: ${outcome(secondRun)}` }
}

function look(listed: string, prompt: string) {
  const folder = /^(?:Output: )?(\/\S+)$/m.exec(listed)?.[1]
  const tests = [...listed.matchAll(/^\S*\btest_\w+\.py$/gm)].map(([path]) => path)
  const test = tests.find((path) => prompt.includes(path)) ?? tests[0]
  if (folder === undefined || test === undefined) throw new Missing(`the result of \`${listing}\` shows no folder with a test in it`)
  return { folder, test }
}

function readTest(text: string, test: string) {
  const imported = /^from ([\w.]+) import /m.exec(text)?.[1]
  if (imported === undefined || !text.includes('assert ')) throw new Missing(`the result of reading ${test} holds no test of a module`)
  // A correction within a second that keeps the length would be missed by Python, if it had kept byte code.
  const command = `python3 -B ${text.includes('__main__') ? test : `-m pytest -q -p no:cacheprovider ${test}`}`
  const folder = test.includes('/') ? test.slice(0, test.lastIndexOf('/') + 1) : ''
  return { module: `${folder}${imported.replaceAll('.', '/')}.py`, command }
}

/** Aider has no tools: files stand in its messages, and an answer is a block that it applies. A file that is only named gets asked for, once. */
function searchAndReplace({ events }: Asked): Move {
  const all = events.map((event) => (event.as === 'call' ? '' : event.text)).join('\n')
  const files = new Map(
    [...all.matchAll(/^(\S+\.py)\n(`{3,}|<source>)[^\n]*\n([\s\S]*?)\n(?:\2|<\/source>)/gm)].map(([, path = '', , text = '']) => [
      path,
      text,
    ]),
  )
  const [test, testText] = [...files].find(([path]) => /(^|\/)test_/.test(path)) ?? []
  if (test === undefined || testText === undefined) throw new Missing('no test file stands in the messages')
  const { module } = readTest(`${testText}\n`, test)
  const source = files.get(module)
  const request = `Please add ${module} to the chat, so that I can correct it.`
  if (source === undefined && !all.includes(request)) return { text: request }
  const change = repair(source ?? '', testText)
  if (!change) throw new Missing(`${module} does not stand in the messages, or has no bug that its test shows`)
  const block = `${module}\n\`\`\`python\n<<<<<<< SEARCH\n${change.broken}\n=======\n${change.fixed}\n>>>>>>> REPLACE\n\`\`\`\n`
  return { text: `The test ${test} expects another result, so I correct one line.\n\n${block}` }
}

/** Without the line numbers that reading tools put before each line. */
const unnumbered = (text: string) => text.replaceAll(/^ *\d+(?:→|\t|\| ?|: )/gm, '')
/** CLIs add lines of their own below. */
const outcome = (text: string) => {
  const lines = text.trim().split('\n')
  return lines.findLast((line) => /passed|failed/i.test(line)) ?? lines.at(-1) ?? ''
}
