import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A package whose samples take as many seconds as their row says. Returns its folder, which the caller removes. */
export async function slowPackage(seconds: readonly number[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'proctor-slow-'))
  await mkdir(join(folder, 'evals'))
  await writeFile(join(folder, 'agent.yaml'), 'apiVersion: proctor/v1\nkind: PythonFunction\nname: slow\n')
  await writeFile(
    join(folder, 'main.py'),
    'import time\n\n\ndef run(task_input, *, proxy_url, run_token):\n    time.sleep(float(task_input["input"]["seconds"]))\n    return "ok"\n',
  )
  await writeFile(
    join(folder, 'evals', 'e.yaml'),
    'apiVersion: proctor/v1\nkind: Eval\nname: e\ndataset: d.csv\njudge: none\nscorers:\n  - {name: ok, type: response, contains: ok}\n',
  )
  await writeFile(join(folder, 'evals', 'd.csv'), `user,id,seconds\n${seconds.map((wait, index) => `Wait.,s${index},${wait}\n`).join('')}`)
  return folder
}
