import type { Pushed } from '../git-http.ts'
import { gitOf } from '../mirror.ts'
import type { Json, Known, World } from '../world.ts'
import { pullHappening } from './changes.ts'
import type { Happening } from './payload.ts'

/** A ref moved in git: the emulator and pull requests follow, and whoever wants to know is told. */
export async function pushed(world: World, known: Known, { push, by }: { readonly push: Pushed; readonly by: string }): Promise<void> {
  await known.mirror.sync()
  const branch = /^refs\/heads\/(.+)$/.exec(push.ref)?.[1]
  const isGone = /^0+$/.test(push.after)
  const moved = branch === undefined || isGone ? [] : await world.pulls.follow(known.name, branch)
  if (!world.isWatched()) return
  for (const happening of ofPush(known, push, by)) world.tell(happening)
  for (const { pull, before } of moved) {
    if (before === pull.headSha) continue
    const place = { repo: pull.repo, number: pull.number, sender: by }
    world.tell(await pullHappening(world, 'synchronize', { ...place, more: { before, after: pull.headSha } }))
  }
}

function ofPush(known: Known, push: Pushed, sender: string): readonly Happening[] {
  const [, kind, ref = ''] = /^refs\/(heads|tags)\/(.+)$/.exec(push.ref) ?? []
  if (kind === undefined || push.before === push.after) return []
  const common = { repo: known.name, sender }
  const [isNew, isGone] = [/^0+$/.test(push.before), /^0+$/.test(push.after)]
  const made = { ref, ref_type: kind === 'tags' ? 'tag' : 'branch', pusher_type: 'user' }
  return [
    { ...common, event: 'push', body: pushBody(known, push, sender) },
    ...(isNew ? [{ ...common, event: 'create', body: { ...made, master_branch: 'main', description: null } }] : []),
    ...(isGone ? [{ ...common, event: 'delete', body: made }] : []),
  ]
}

function pushBody({ git, name }: Known, { ref, before, after }: Pushed, sender: string): Json {
  const run = gitOf(git.bare)
  const [isNew, isGone] = [/^0+$/.test(before), /^0+$/.test(after)]
  const shas =
    isGone || ref.startsWith('refs/tags/')
      ? []
      : run('rev-list', '--reverse', '--max-count=20', isNew ? after : `${before}..${after}`).split('\n')
  const commits = shas.filter(Boolean).map((sha) => commitOf(run, sha, name))
  return {
    ref,
    before,
    after,
    created: isNew,
    deleted: isGone,
    forced: !isNew && !isGone && run('rev-list', '--count', `${after}..${before}`).trim() !== '0',
    base_ref: null,
    compare: `https://github.com/${name}/compare/${before.slice(0, 12)}...${after.slice(0, 12)}`,
    commits: isNew ? commits.slice(-1) : commits,
    // Of an annotated tag: the commit that it names.
    head_commit: isGone ? null : commitOf(run, run('rev-parse', `${after}^{commit}`).trim(), name),
    pusher: { name: sender, email: `${sender}@example.com` },
  }
}

function commitOf(run: ReturnType<typeof gitOf>, sha: string, repo: string): Json {
  const [tree, date, name, email, ...message] = run('show', '-s', '--format=%T%n%cI%n%an%n%ae%n%B', sha).trimEnd().split('\n')
  const person = { name, email, username: name }
  const changed = run('show', '--format=', '--name-status', '--no-renames', sha).split('\n').filter(Boolean)
  const by = (letter: string) => changed.filter((line) => line.startsWith(letter)).map((line) => line.split('\t')[1])
  return {
    id: sha,
    tree_id: tree,
    distinct: true,
    message: message.join('\n'),
    timestamp: date,
    url: `https://github.com/${repo}/commit/${sha}`,
    author: person,
    committer: person,
    added: by('A'),
    removed: by('D'),
    modified: by('M'),
  }
}
