import { getInput, getState, info } from '@actions/core'
import { context } from '@actions/github'
import { z } from 'zod'
import { loadGitHub } from '../runner/adapters/preset.ts'
import { version } from '../runner/lib/version.ts'

/** After the step, whatever became of it: a check run that nobody will complete any more is completed here. */
const state = z.object({ repo: z.string(), ids: z.array(z.number().int()) })

const saved = getState('open')
if (saved !== '') {
  const { repo, ids } = state.parse(JSON.parse(saved))
  const { openGitHub, closeChecks } = await loadGitHub()
  const github = openGitHub({ token: getInput('token'), apiUrl: context.apiUrl, version, log: info })
  await closeChecks(github, repo, ids, 'The job ended before the result was there.').catch((error: Error) => info(error.message))
}
