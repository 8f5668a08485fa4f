import type { Answer } from '../artifacts.ts'
import { gitOf } from '../mirror.ts'
import { senderOf } from '../webhooks/changes.ts'
import { pushed } from '../webhooks/pushes.ts'
import { type Ask, invalid, type Known, notFound, paged, type Shim, type Shims, type World } from '../world.ts'

/** Refs and annotated tags are git's: the emulator makes up the names of tags. */
const repo = '/repos/{owner}/{repo}'

const one: Shim = (ask, world) => {
  const found = ask.known && refsOf(ask.known, `refs/${ask.parameters.ref}`).find(({ name }) => name === `refs/${ask.parameters.ref}`)
  return found ? { status: 200, body: shown(found, ask, world) } : notFound()
}

const matching: Shim = (ask, world) => {
  const prefix = `refs/${ask.parameters.ref}`
  const found = ask.known ? refsOf(ask.known).filter(({ name }) => name.startsWith(prefix)) : []
  const { items, headers } = paged(found, ask, world.apiUrl)
  return { status: 200, headers, body: items.map((ref) => shown(ref, ask, world)) }
}

const tag: Shim = (ask, world) => {
  if (!ask.known) return notFound()
  const sha = ask.parameters.tag_sha ?? ''
  const git = gitOf(ask.known.git.bare)
  if (typeOf(ask.known, sha) !== 'tag') return notFound()
  const [head = '', ...message] = git('cat-file', 'tag', sha).split('\n\n')
  const field = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(head)?.[1] ?? ''
  const [, person = '', email = '', seconds = '0'] = /^(.*) <(.*)> (\d+)/.exec(field('tagger')) ?? []
  const url = `${world.apiUrl}/repos/${ask.known.name}/git`
  return {
    status: 200,
    body: {
      node_id: `T_${sha.slice(0, 8)}`,
      tag: field('tag'),
      sha,
      url: `${url}/tags/${sha}`,
      message: message.join('\n\n').trimEnd(),
      tagger: { name: person, email, date: new Date(Number(seconds) * 1000).toISOString() },
      object: { sha: field('object'), type: field('type'), url: `${url}/${field('type')}s/${field('object')}` },
      verification: { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null },
    },
  }
}

/** With the commits that they stand for. */
const list: Shim = (ask, world) => {
  if (!ask.known) return notFound()
  const { name, git } = ask.known
  const { items, headers } = paged(refsOf(ask.known, 'refs/tags/').toReversed(), ask, world.apiUrl)
  const body = items.map((ref) => {
    const tag = ref.name.replace('refs/tags/', '')
    const sha = gitOf(git.bare)('rev-parse', `${ref.name}^{commit}`).trim()
    const url = `${world.apiUrl}/repos/${name}`
    const archives = { zipball_url: `${url}/zipball/${ref.name}`, tarball_url: `${url}/tarball/${ref.name}` }
    return { name: tag, commit: { sha, url: `${url}/commits/${sha}` }, ...archives, node_id: `REF_${ref.name}` }
  })
  return { status: 200, headers, body }
}

const create: Shim = async (ask, world) => {
  const { ref, sha } = ask.json as { ref: string; sha: string } // the guard has looked at it
  if (!ask.known) return notFound()
  if (!/^refs\/(heads|tags)\/[^\s~^:?*[\\]+$/.test(ref)) return invalid(`${ref} is not a valid ref name.`)
  if (refsOf(ask.known, ref).some(({ name }) => name === ref)) return invalid('Reference already exists')
  return moved(ask, world, { ref, sha, status: 201 })
}

const update: Shim = async (ask, world) => {
  const ref = `refs/${ask.parameters.ref}`
  const { sha, force } = ask.json as { sha: string; force?: boolean } // the guard has looked at it
  if (!ask.known) return notFound()
  const now = refsOf(ask.known, ref).find(({ name }) => name === ref)
  if (!now) return invalid('Reference does not exist')
  if (!force && !isAncestor(ask.known, now.sha, sha)) return invalid('Update is not a fast forward')
  return moved(ask, world, { ref, sha, status: 200 })
}

const remove: Shim = async (ask, world) => {
  const { known } = ask
  const ref = `refs/${ask.parameters.ref}`
  const before = known && refsOf(known, ref).find(({ name }) => name === ref)?.sha
  if (!known || before === undefined) return invalid('Reference does not exist')
  gitOf(known.git.bare)('update-ref', '-d', ref)
  await pushed(world, known, { push: { ref, before, after: zeros }, by: senderOf(ask) })
  return { status: 204 }
}

export const refs: Shims = {
  [`GET ${repo}/tags`]: list,
  [`GET ${repo}/git/ref/{ref}`]: one,
  [`GET ${repo}/git/matching-refs/{ref}`]: matching,
  [`GET ${repo}/git/tags/{tag_sha}`]: tag,
  [`POST ${repo}/git/refs`]: create,
  [`PATCH ${repo}/git/refs/{ref}`]: update,
  [`DELETE ${repo}/git/refs/{ref}`]: remove,
}

const zeros = '0'.repeat(40)
type Ref = { readonly name: string; readonly sha: string; readonly type: string }

export const refsOf = ({ git }: Known, below = 'refs/'): readonly Ref[] =>
  gitOf(git.bare)('for-each-ref', '--format=%(refname) %(objectname) %(objecttype)', below)
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [name = '', sha = '', type = ''] = line.split(' ')
      return { name, sha, type }
    })

async function moved(
  ask: Ask,
  world: World,
  { ref, sha, status }: { readonly ref: string; readonly sha: string; readonly status: number },
): Promise<Answer> {
  if (!ask.known) return notFound()
  await ask.known.mirror.fetch(sha)
  const type = typeOf(ask.known, sha)
  if (type === undefined || (ref.startsWith('refs/heads/') && type !== 'commit')) return invalid('Object does not exist')
  const before = refsOf(ask.known, ref).find(({ name }) => name === ref)?.sha ?? zeros
  gitOf(ask.known.git.bare)('update-ref', ref, sha)
  await pushed(world, ask.known, { push: { ref, before, after: sha }, by: senderOf(ask) })
  return { status, body: shown({ name: ref, sha, type }, ask, world) }
}

const shown = ({ name, sha, type }: Ref, { known }: Ask, { apiUrl }: World) => ({
  ref: name,
  node_id: `REF_${name}`,
  url: `${apiUrl}/repos/${known?.name}/git/${name}`,
  object: { sha, type, url: `${apiUrl}/repos/${known?.name}/git/${type}s/${sha}` },
})

function typeOf({ git }: Known, sha: string): string | undefined {
  try {
    return /^[0-9a-f]{40}$/.test(sha) ? gitOf(git.bare)('cat-file', '-t', sha).trim() : undefined
  } catch {
    return undefined
  }
}

function isAncestor({ git }: Known, old: string, young: string): boolean {
  try {
    gitOf(git.bare)('merge-base', '--is-ancestor', old, young)
    return true
  } catch {
    return false
  }
}
