import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { GitHub } from '../../../../../runner/adapters/github/client.ts'
import {
  downloadArtifact,
  earlierArtifacts,
  headOfBranch,
  mayWrite,
  mergeBase,
  ownLogin,
  runArtifacts,
  workflowRun,
} from '../../../../../runner/adapters/github/github.ts'
import { repo } from '../desk.ts'
import { type Kind, type Kinds, type Stage, to } from './stage.ts'

type Ask = (github: GitHub, stage: Stage, key: string) => Promise<unknown>
const earlier: Ask = (github) => earlierArtifacts(github, repo, { name: 'proctor-records', branch: 'main', most: 1 })
const found = (stage: Stage) => [{ id: stage.artifact, sha: stage.main }]

export const ofReads: Kinds = {
  // Two commits that are there and have nothing in common: then it is the base itself.
  'the merge base': (stage) => ({
    ...reading(
      to('GET', '/compare/{basehead}'),
      (github, { main, pull }) => mergeBase(github, repo, main, pull.sha),
      ({ main }) => main,
    )(stage),
    takes: ['404'],
  }),
  'the head of a branch': (stage) => ({
    ...reading(
      to('GET', '/git/ref/{ref}'),
      (github) => headOfBranch(github, repo, 'main'),
      ({ main }) => main,
    )(stage),
    takes: ['404'],
  }),
  'the role of a person': (stage) => ({
    ...reading(
      to('GET', '/permission'),
      (github) => mayWrite(github, repo, 'octocat'),
      () => true,
    )(stage),
    takes: ['404'],
  }),
  'a workflow run': reading(
    to('GET', '/runs/{run_id}'),
    async (github) => (await workflowRun(github, repo, 501)).pulls,
    ({ pull }) => [pull.number],
  ),
  'its pull requests': reading(
    to('GET', '/pulls'),
    async (github) => (await workflowRun(github, repo, 501)).pulls,
    ({ pull }) => [pull.number],
  ),
  'its artifacts': reading(
    to('GET', '/runs/{run_id}/artifacts'),
    async (github) => (await runArtifacts(github, repo, 502)).map(({ id }) => id),
    ({ artifact }) => [artifact],
  ),
  'earlier artifacts': reading(to('GET', '/actions/artifacts'), earlier, found),
  'the run of an earlier artifact': reading(to('GET', '/runs/{run_id}'), earlier, found),
  'the tip of its branch': (stage) => ({ ...reading(to('GET', '/branches/{branch}'), earlier, found)(stage), takes: ['404'] }),
  'the place of an artifact': reading(
    to('GET', '/{archive_format}'),
    async (github, { artifact, folder }, key) => {
      await downloadArtifact(github, repo, artifact, join(folder, key), 100)
      return readFile(join(folder, key), 'utf8')
    },
    () => 'the bytes',
  ),
  'who we are': (stage) => {
    const person = stage.client(stage.userToken('member'))
    return {
      ...reading(
        to('GET', '/user'),
        () => ownLogin(person, { app: undefined }),
        () => 'member',
      )(stage),
      takes: ['403 permission', '404'],
    }
  },
}

function reading(fits: Kind['fits'], ask: Ask, expected: (stage: Stage) => unknown): (stage: Stage) => Kind {
  return (stage) => {
    const answers = new Map<string, unknown>()
    return {
      fits,
      act: async (key, said) => void answers.set(key, await ask(stage.given(said).github, stage, key)),
      shown: async (key) => answers.get(key),
      expected: expected(stage),
    }
  }
}
