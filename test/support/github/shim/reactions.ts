import { stamp } from '../events.ts'
import { accountOf } from '../identity.ts'
import { type Ask, type Json, notFound, paged, type Shim, type Shims, type World } from '../world.ts'

/** The emulator has no reactions. One of a kind for each person and comment. */
type Reaction = { readonly id: number; readonly login: string; readonly content: string }

const repo = '/repos/{owner}/{repo}'
const subjects = [`${repo}/issues/comments/{comment_id}`, `${repo}/issues/{issue_number}`, `${repo}/comments/{comment_id}`]

const list: Shim = async (ask, world) => {
  if (!(await isThere(ask, world))) return notFound()
  const wanted = ask.query.get('content')
  const found = of(ask, world).filter(({ content }) => wanted === null || content === wanted)
  const { items, headers } = paged(found, ask, world.apiUrl)
  return { status: 200, headers, body: items.map((reaction) => shown(reaction, world)) }
}

const add: Shim = async (ask, world) => {
  if (!(await isThere(ask, world))) return notFound()
  const login = loginOf(ask)
  const content = String(ask.json.content)
  const there = of(ask, world).find((reaction) => reaction.login === login && reaction.content === content)
  if (there) return { status: 200, body: shown(there, world) }
  const reaction = { id: (counters.get(world) ?? 0) + 1, login, content }
  counters.set(world, reaction.id)
  of(ask, world).push(reaction)
  return { status: 201, body: shown(reaction, world) }
}

const remove: Shim = (ask, world) => {
  const all = of(ask, world)
  const at = all.findIndex(({ id, login }) => id === Number(ask.parameters.reaction_id) && login === loginOf(ask))
  if (at < 0) return notFound()
  all.splice(at, 1)
  return { status: 204 }
}

export const reactions: Shims = Object.fromEntries(
  subjects.flatMap((subject) => [
    [`GET ${subject}/reactions`, list],
    [`POST ${subject}/reactions`, add],
    [`DELETE ${subject}/reactions/{reaction_id}`, remove],
  ]),
)

const memory = new WeakMap<World, Map<string, Reaction[]>>()
const counters = new WeakMap<World, number>()

const subjectOf = (path: string): string => path.replace(/\/reactions(\/\d+)?$/, '').toLowerCase()
function of({ path }: Pick<Ask, 'path'>, world: World): Reaction[] {
  const all = memory.get(world) ?? new Map<string, Reaction[]>()
  memory.set(world, all)
  const found = all.get(subjectOf(path)) ?? []
  all.set(subjectOf(path), found)
  return found
}

/** What was added to a comment, for tests to look at: who and what. */
export const reactionsAt = (world: World, path: string): readonly Reaction[] => of({ path }, world)

async function isThere(ask: Ask, world: World): Promise<boolean> {
  const subject = { ...ask, method: 'GET', body: Buffer.alloc(0), token: ask.known?.token }
  return (await world.forward(subject, { path: ask.path.replace(/\/reactions.*$/, '') })).status === 200
}

const loginOf = ({ who }: Ask): string => (who.kind === 'user' || who.kind === 'installation' ? who.login : '')

const shown = ({ id, login, content }: Reaction, world: World): Json => ({
  id,
  node_id: `REA_${id}`,
  user: accountOf(login, 'User', world),
  content,
  created_at: stamp,
})
