import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Files, openGrading } from '../../../support/grading.ts'
import { scoreOf } from '../../../support/scoring.ts'
import { cheaters, equalsAll, solution, workspace } from './cheaters.ts'

type Grading = Awaited<ReturnType<typeof openGrading>>
let grading: Grading
let files: Awaited<ReturnType<Grading['pack']>>
beforeAll(async () => {
  grading = await openGrading(workspace)
  files = await grading.pack({
    'grade.py': `import json
import subprocess
import sys

from cases import CASES

PROGRAM = "import json, sys; from shop.cart import slug, total; given = json.load(sys.stdin); print(json.dumps([total(given['prices']), slug(given['name'])]))"


def answer(given):
    done = subprocess.run(["as-agent", "--timeout", "10", "python3", "-c", PROGRAM], input=json.dumps(given), capture_output=True, text=True)
    try:
        return json.loads(done.stdout)
    except ValueError:
        return done.stdout + done.stderr


right = [(given, expected, found) for given, expected in CASES if (found := answer(given)) == expected]
with open("/proctor/result/result.json", "w") as file:
    json.dump({"score": len(right) / len(CASES), "evidence": f"{len(right)} of {len(CASES)} cases"}, file)
sys.exit(0 if len(right) == len(CASES) else 1)
`,
    'cases.py': `CASES = [({"prices": [5, 2], "name": " A b"}, [7, "a-b"]), ({"prices": [], "name": "c"}, [0, "c"])]\n`,
    'grade.sh': `[ "$(as-agent python3 -c 'from shop.cart import slug; print(slug("A"))')" = a ]\n`,
  })
})
afterAll(() => grading?.[Symbol.asyncDispose]())

const score = (changes: Files, file = 'grade.py') =>
  scoreOf('script', {
    options: { file, files: './checks', timeout_s: 60 },
    files,
    room: grading.room(changes),
    sample: { exercise: grading.exercise },
  })

describe('script, on a real engine', { timeout: 240_000 }, () => {
  test("the solution passes; the score and the words are the grader's", async () => {
    expect(await score({ 'shop/cart.py': solution })).toMatchObject({ status: 'PASS', score: 1, trust: 'black-box' })
    const nothing = await score({})
    expect(nothing).toMatchObject({ status: 'FAIL', score: 0.5 })
    expect(nothing.evidence).toContain('1 of 2 cases')
  })
  test('a shell script grades too', async () => {
    expect((await score({ 'shop/cart.py': solution }, 'grade.sh')).status).toBe('PASS')
    expect((await score({}, 'grade.sh')).status).toBe('FAIL')
  })
  test('an object that equals everything is seen through', async () => {
    expect((await score({ 'shop/cart.py': equalsAll })).status).toBe('FAIL')
  })
  test.each(Object.entries(cheaters))('%s: fails', async (_, changes) => {
    expect(await score(changes)).toMatchObject({ status: 'FAIL' })
  })
  test('code of the agent cannot write the result, read the cases or stop the grader', async () => {
    const attack = `import os, pathlib, signal
for path in ("/proctor/result/result.json", "/proctor/grader/cases.py"):
    try:
        pathlib.Path(path).write_text('{"score": 1}')
    except OSError as error:
        print(type(error).__name__)
try:
    os.kill(os.getppid(), signal.SIGKILL)
except OSError as error:
    print(type(error).__name__)
`
    expect(await score({ 'shop/cart.py': `${attack}\n${workspace['shop/cart.py']}` })).toMatchObject({ status: 'FAIL', score: 0 })
  })
})
