import type { Answer } from '../artifacts.ts'
import { gitOf } from '../mirror.ts'
import type { Pull } from '../pulls.ts'
import { type Ask, type Json, type Known, notFound, paged, type Shim, type Shims, type World } from '../world.ts'
import { comparison } from './compare.ts'

/** What the emulator forgets of pull requests: that their heads move, their files, their merges. Git knows. */
const repo = '/repos/{owner}/{repo}'

const one: Shim = async (ask, world) => {
  const pull = pullIn(ask, world)
  if (ask.known && pull && /\.(diff|patch)/.test(ask.accept)) return diff(ask.known, pull, ask.accept)
  return mended(await world.forward(ask), ask, world)
}

const list: Shim = async (ask, world) => {
  const answer = await world.forward(ask)
  return Array.isArray(answer.body) ? { ...answer, body: answer.body.map((pull: Json) => brief(pullOf(pull, ask, world))) } : answer
}

const open: Shim = async (ask, world) => {
  const answer = await world.forward(ask)
  if (answer.status !== 201 || !ask.known) return answer
  const { number, id } = answer.body as { number: number; id: number } // as the description has it
  const { head, base } = ask.json as { head: string; base: string } // the guard has looked at it
  await world.pulls.open({ repo: ask.known.name, number, id, head, baseRef: base })
  return mended(answer, ask, world)
}

const files: Shim = async (ask, world) => {
  const pull = pullIn(ask, world)
  if (!pull) return notFound()
  const { files: all } = await comparison(ask, world, [pull.baseSha, pull.headSha])
  const { items, headers } = paged(all, ask, world.apiUrl)
  return { status: 200, headers, body: items }
}

const commits: Shim = async (ask, world) => {
  const pull = pullIn(ask, world)
  if (!pull) return notFound()
  const { commits: all } = await comparison(ask, world, [pull.baseSha, pull.headSha])
  const { items, headers } = paged(all, ask, world.apiUrl)
  return { status: 200, headers, body: items }
}

/** Those whose head it is, or that it is a part of. */
const ofCommit: Shim = async (ask, world) => {
  if (!ask.known) return notFound()
  const { name, token } = ask.known
  const answer = await world.forward(
    { ...ask, token, query: new URLSearchParams('state=all&per_page=100') },
    { path: `/repos/${name}/pulls?state=all&per_page=100` },
  )
  const git = gitOf(ask.known.git.bare)
  const holds = ({ number }: { readonly number: number }) => {
    const pull = world.pulls.of(name, number)
    return (
      pull &&
      git('rev-list', `${pull.baseSha}..${pull.headSha}`)
        .split('\n')
        .includes(ask.parameters.commit_sha ?? '')
    )
  }
  const found = (answer.body as readonly (Json & { number: number })[]).filter(holds) // as the description has it
  const { items, headers } = paged(found, ask, world.apiUrl)
  return { status: 200, headers, body: items.map((pull) => brief(pullOf(pull, ask, world))) }
}

export const pulls: Shims = {
  [`GET ${repo}/pulls`]: list,
  [`POST ${repo}/pulls`]: open,
  [`GET ${repo}/pulls/{pull_number}`]: one,
  [`PATCH ${repo}/pulls/{pull_number}`]: one,
  [`GET ${repo}/pulls/{pull_number}/files`]: files,
  [`GET ${repo}/pulls/{pull_number}/commits`]: commits,
  [`GET ${repo}/commits/{commit_sha}/pulls`]: ofCommit,
}

const pullIn = ({ parameters, known }: Ask, { pulls }: World): Pull | undefined =>
  known && pulls.of(known.name, Number(parameters.pull_number))

const mended = (answer: Answer, ask: Ask, world: World): Answer =>
  answer.status >= 300 ? answer : { ...answer, body: pullOf(answer.body as Json, ask, world) } // as the description has it

function pullOf(pull: Json, { known }: Ask, world: World): Json {
  const tips = known && world.pulls.of(known.name, Number(pull.number))
  if (!tips || !known) return pull
  const { head, base } = pull as { head: Json; base: Json } // as the description has it
  const isOpen = pull.state === 'open'
  return {
    ...pull,
    head: { ...head, sha: tips.headSha },
    base: { ...base, sha: tips.baseSha },
    merge_commit_sha: isOpen ? tips.mergeSha || null : pull.merge_commit_sha,
    statuses_url: `${world.apiUrl}/repos/${known.name}/statuses/${tips.headSha}`,
    active_lock_reason: null,
    mergeable: isOpen ? tips.mergeSha !== '' : null,
    ...sizes(known, tips),
  }
}

function sizes({ git }: Known, { baseSha, headSha }: Pull) {
  const run = gitOf(git.bare)
  const lines = run('diff', '--numstat', `${baseSha}...${headSha}`).split('\n').filter(Boolean)
  const sum = (column: number) => lines.reduce((total, line) => total + (Number(line.split('\t')[column]) || 0), 0)
  return {
    commits: Number(run('rev-list', '--count', `${baseSha}..${headSha}`)),
    additions: sum(0),
    deletions: sum(1),
    changed_files: lines.length,
  }
}

/** As it stands in lists. */
function brief({ commits, additions, deletions, changed_files, mergeable, ...pull }: Json): Json {
  return pull
}

function diff({ git }: Known, { baseSha, headSha }: Pull, accept: string): Answer {
  const run = gitOf(git.bare)
  const kind = accept.includes('.patch') ? 'patch' : 'diff'
  const text = kind === 'patch' ? run('format-patch', '--stdout', `${baseSha}..${headSha}`) : run('diff', `${baseSha}...${headSha}`)
  return { status: 200, headers: { 'content-type': `application/vnd.github.${kind}; charset=utf-8` }, body: Buffer.from(text) }
}
