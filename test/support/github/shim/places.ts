import { accountOf } from '../identity.ts'
import { bytesOf } from '../mirror.ts'
import { type Ask, invalid, type Json, type Known, notFound, type Shim, type Shims, type World } from '../world.ts'
import { shaOf } from './compare.ts'
import { repositoryOf } from './embedded.ts'
import { refsOf } from './refs.ts'

const repo = '/repos/{owner}/{repo}'

/** The emulator leaves a few numbers out, and lets everybody do everything. */
const place: Shim = async (ask, world) => {
  const answer = await world.forward(ask)
  if (answer.status !== 200 || !ask.known) return answer
  const parent = ask.known.parent === undefined ? undefined : await repositoryOf(ask.known.parent, world)
  return {
    ...answer,
    body: {
      ...(answer.body as Json),
      pushed_at: new Date().toISOString(),
      network_count: 0,
      subscribers_count: 0,
      permissions: permissionsOf(ask, world),
      ...(parent && { parent, source: parent }),
    },
  }
}

/** By ownership and invitation; the emulator takes every member of an organisation for an admin. */
const permission: Shim = async (ask, world) => {
  const { username = '' } = ask.parameters
  if (!ask.known) return notFound()
  const account = await world.emulator.call({ method: 'GET', path: `/users/${username}`, token: ask.known.token })
  if (account.status !== 200) return notFound(`${username} is not a user`)
  const role = world.roles.roleOf(username, ask.known.name)
  const legacy = role === 'maintain' ? 'write' : role === 'triage' ? 'read' : (role ?? 'none')
  const user = { ...accountOf(username, 'User', world), role_name: role ?? 'none', permissions: rights(role) }
  return { status: 200, body: { permission: legacy, role_name: role ?? 'none', user } }
}

/** The archive comes from git, by way of another host, as on GitHub. */
const tarball: Shim = (ask, world) => {
  if (!ask.known) return notFound()
  const sha = shaOf(ask.known, ask.parameters.ref || 'HEAD', world)
  if (sha === undefined) return notFound()
  return {
    status: 302,
    headers: { location: world.offer(`${ask.known.name}/legacy.tar.gz/${sha}`, { bytes: archive(ask.known, sha), isSigned: false }) },
  }
}

const commit: Shim = async (ask, world) => {
  if (!ask.known) return notFound()
  const sha = shaOf(ask.known, ask.parameters.ref ?? '', world)
  if (sha === undefined) return invalid(`No commit found for SHA: ${ask.parameters.ref}`)
  if (ask.accept.includes('.sha'))
    return { status: 200, headers: { 'content-type': 'application/vnd.github.sha; charset=utf-8' }, body: Buffer.from(sha) }
  return world.forward(ask, { path: `/repos/${ask.known.name}/commits/${sha}` })
}

/** The emulator says little of its commit. */
const branch: Shim = async (ask, world) => {
  const name = ask.parameters.branch ?? ''
  const ref = `refs/heads/${name}`
  const found = ask.known && refsOf(ask.known, ref).find((one) => one.name === ref)
  if (!found || !ask.known) return notFound('Branch not found')
  const url = `${world.apiUrl}/repos/${ask.known.name}/branches/${name}`
  const { files, stats, ...commit } = await world.look(`/repos/${ask.known.name}/commits/${found.sha}`)
  return {
    status: 200,
    body: {
      name,
      commit,
      _links: { self: url, html: `${world.serverUrl}/${ask.known.name}/tree/${name}` },
      protected: false,
      protection: { enabled: false, required_status_checks: { enforcement_level: 'off', contexts: [], checks: [] } },
      protection_url: `${url}/protection`,
    },
  }
}

export const places: Shims = {
  [`GET ${repo}`]: place,
  [`GET ${repo}/collaborators/{username}/permission`]: permission,
  [`GET ${repo}/branches/{branch}`]: branch,
  [`GET ${repo}/tarball/{ref}`]: tarball,
  [`GET ${repo}/commits/{ref}`]: commit,
}

const ranks = ['read', 'triage', 'write', 'maintain', 'admin']
function rights(role: string | undefined) {
  const rank = ranks.indexOf(role ?? '')
  return { pull: rank >= 0, triage: rank >= 1, push: rank >= 2, maintain: rank >= 3, admin: rank >= 4 }
}

function permissionsOf({ who, known }: Ask, world: World) {
  if (who.kind === 'user') return rights(world.roles.roleOf(who.login, known?.name ?? ''))
  return rights(who.kind === 'installation' && who.permissions.contents === 'write' ? 'write' : 'read')
}

function archive({ git, name }: Known, sha: string): Buffer {
  const prefix = `${name.replace('/', '-')}-${sha.slice(0, 7)}/`
  return bytesOf(git.bare)('-c', 'tar.tar.gz.command=gzip -cn', 'archive', '--format=tar.gz', `--prefix=${prefix}`, sha)
}
