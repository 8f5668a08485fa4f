import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { paged } from './world.ts'

/** Of which workflow run an artifact is: what GitHub's API says of its origin. */
export type RunOrigin = {
  readonly id: number
  readonly repositoryId: number
  readonly headRepositoryId: number
  readonly headBranch: string
  readonly headSha: string
}
export type StoredArtifact = {
  readonly id: number
  readonly name: string
  readonly runId: number
  readonly attempt: number
  readonly job: string
  readonly createdAt: string
  readonly digest: string
  readonly content: Buffer
}
/** An answer that a server of any kind can send. */
export type Answer = { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown }
export type Artifacts = Awaited<ReturnType<typeof openArtifacts>>
type Options = {
  /** A status instead of an answer, by method of the service, such as CreateArtifact. */
  readonly fault?: (method: string) => number | undefined
}
type Upload = { readonly blocks: Map<string, Buffer>; content: Buffer | undefined }
type Made = { id: number; name: string; runId: number; attempt: number; job: string; createdAt: string; upload: Upload; digest?: string }

const text = z.string().min(1)
const asked = z.object({
  workflow_run_backend_id: text,
  workflow_job_run_backend_id: text,
  name: text.optional(),
  name_filter: text.optional(),
  id_filter: z.coerce.number().optional(),
  size: z.coerce.number().optional(),
  hash: text.optional(),
})
type Asked = z.output<typeof asked>

/** The artifact service that jobs talk to, and its blob storage. One for all jobs of all workflow runs of a test. */
export async function openArtifacts({ fault }: Options = {}) {
  const all: Made[] = []
  const origins = new Map<number, RunOrigin>()
  const backends = new Map<string, { readonly runId: number; readonly attempt: number; readonly job: string; readonly backend: string }>()
  const signature = randomUUID()
  const server = createServer((request, response) => {
    void answer(request).then(({ status, headers, body }) => {
      const isBytes = Buffer.isBuffer(body)
      response.writeHead(status, { 'content-type': isBytes ? 'application/zip' : 'application/json', ...headers })
      response.end(isBytes ? body : body === undefined ? '' : JSON.stringify(body))
    })
  })
  // Idle connections stay: a busy test would else meet one that was just given up.
  server.keepAliveTimeout = 0
  await new Promise<void>((ready, failed) => server.on('error', failed).listen(0, '127.0.0.1', ready))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // listening on TCP
  const blobUrl = (made: Made) => `${url}/blobs/${made.id}?sig=${signature}`

  async function answer(request: IncomingMessage): Promise<Answer> {
    const { pathname, searchParams } = new URL(request.url ?? '/', url)
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>))
    const blob = /^\/blobs\/(\d+)$/.exec(pathname)?.[1]
    const method = /^\/twirp\/github\.actions\.results\.api\.v1\.ArtifactService\/(\w+)$/.exec(pathname)?.[1]
    if (blob !== undefined) return storage(request, { made: all.find(({ id }) => id === Number(blob)), searchParams, body })
    if (method === undefined || request.method !== 'POST') return refuse(404, 'bad_route', 'no handler for path')
    const status = fault?.(method)
    if (status !== undefined) return refuse(status, 'internal', 'the test wants it so')
    return service(method, request.headers.authorization, body)
  }

  function service(method: string, authorization: string | undefined, body: Buffer): Answer {
    const who = backends.get(authorization?.replace(/^Bearer /, '') ?? '')
    const parsed = asked.safeParse(JSON.parse(body.toString()))
    if (!parsed.success) return refuse(400, 'malformed', z.prettifyError(parsed.error))
    const { workflow_run_backend_id: backend, name } = parsed.data
    // An artifact of an earlier attempt is asked for by that attempt's name.
    const about = backends.values().find((known) => known.backend === backend)
    if (who === undefined || about?.runId !== who.runId) return refuse(401, 'unauthenticated', 'the token is for another workflow run')
    const { runId, attempt } = about
    const ready = all.filter((made) => made.runId === who.runId && made.digest !== undefined)
    const named = all.findLast((made) => made.name === name && made.runId === runId && made.attempt === attempt)
    switch (method) {
      case 'CreateArtifact': {
        if (name === undefined) return refuse(400, 'invalid_argument', 'name is required')
        if (named) return refuse(409, 'already_exists', 'an artifact with this name already exists on the workflow run')
        const made = { id: all.length + 1, name, runId, attempt, job: who.job, createdAt: new Date().toISOString() }
        const upload: Upload = { blocks: new Map(), content: undefined }
        all.push({ ...made, upload })
        return { status: 200, body: { ok: true, signed_upload_url: blobUrl({ ...made, upload }) } }
      }
      case 'FinalizeArtifact':
        return named ? finalize(named, parsed.data) : refuse(404, 'not_found', 'artifact not found')
      case 'ListArtifacts': {
        const { name_filter: only, id_filter: id } = parsed.data
        const found = ready.filter((made) => (only === undefined || made.name === only) && (id === undefined || made.id === id))
        return { status: 200, body: { artifacts: found.map(listed) } }
      }
      case 'GetSignedArtifactURL':
        return named?.digest ? { status: 200, body: { signed_url: blobUrl(named) } } : refuse(404, 'not_found', 'artifact not found')
      case 'DeleteArtifact':
        if (!named?.digest) return refuse(404, 'not_found', 'artifact not found')
        delete named.digest
        named.name = ''
        return { status: 200, body: { ok: true, artifact_id: String(named.id) } }
      default:
        return refuse(404, 'bad_route', `no such method ${method}`)
    }
  }

  function storage(
    { method, headers }: IncomingMessage,
    { made, searchParams, body }: { readonly made: Made | undefined; readonly searchParams: URLSearchParams; readonly body: Buffer },
  ): Answer {
    if (searchParams.get('sig') !== signature) return refuse(403, 'AuthenticationFailed', 'wrong signature')
    // Whoever follows a redirect with GitHub's token still on is refused by Azure.
    if (headers.authorization !== undefined) return refuse(403, 'InvalidAuthenticationInfo', 'a signed URL and a login at once')
    if (made === undefined) return refuse(404, 'BlobNotFound', 'no such blob')
    const { upload } = made
    if (method === 'GET') return upload.content && made.digest ? { status: 200, body: upload.content } : refuse(404, 'BlobNotFound', 'no')
    const part = searchParams.get('comp')
    if (part === 'block') upload.blocks.set(searchParams.get('blockid') ?? '', body)
    else if (part === 'blocklist') {
      const ids = [...body.toString().matchAll(/<(?:Latest|Uncommitted)>([^<]+)</g)].map(([, id = '']) => id)
      if (ids.some((id) => !upload.blocks.has(id))) return refuse(400, 'InvalidBlockList', 'a block is not there')
      upload.content = Buffer.concat(ids.map((id) => upload.blocks.get(id) ?? Buffer.alloc(0)))
    } else upload.content = body
    return { status: 201, headers: { etag: '"1"', 'x-ms-request-id': randomUUID(), 'x-ms-version': '2025-01-05' } }
  }

  const list = ({ name, runId }: { readonly name?: string; readonly runId?: number } = {}): readonly StoredArtifact[] =>
    all.flatMap(({ upload, digest, ...made }) =>
      upload.content && digest && (name ?? made.name) === made.name && (runId ?? made.runId) === made.runId
        ? [{ ...made, digest, content: upload.content }]
        : [],
    )
  return {
    url,
    list,
    /** The archive of an artifact. */
    zip: (id: number): Buffer | undefined => list().find((artifact) => artifact.id === id)?.content,
    /** Says of which repository and commit a workflow run is; the REST answers about its artifacts repeat it. */
    describe: (origin: RunOrigin) => void origins.set(origin.id, origin),
    /** What a job of a workflow run has in ACTIONS_RUNTIME_TOKEN. Each attempt of a run has names of its own, and sees all. */
    runtimeToken(runId: number, job: string, attempt = 1): string {
      const backend = `run-${runId}-${attempt}`
      const claims = { scp: `Actions.GenericRead:0 Actions.Results:${backend}:${job}`, exp: 4102444800 }
      const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const token = `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.${randomUUID()}`
      backends.set(token, { runId, attempt, job, backend })
      return token
    },
    /** GitHub's REST API about artifacts; undefined when the path is about something else. Newest first, in pages. */
    rest(method: string, path: string, query: URLSearchParams, apiUrl: string): Answer | undefined {
      const [, repo, rest = ''] = /^\/repos\/([^/]+\/[^/]+)\/actions\/(.+)$/.exec(path) ?? []
      const ofRun = /^runs\/(\d+)\/artifacts$/.exec(rest)?.[1]
      const [, id, zip] = /^artifacts\/(\d+)(\/zip)?$/.exec(rest) ?? []
      if (method !== 'GET' || !(rest === 'artifacts' || ofRun || id)) return undefined
      if (id !== undefined) {
        const made = all.find((artifact) => artifact.id === Number(id) && artifact.digest !== undefined)
        if (!made) return { status: 404, body: { message: 'Not Found', documentation_url: 'https://docs.github.com/rest' } }
        if (zip !== undefined) return { status: 302, headers: { location: blobUrl(made) } }
      }
      const name = query.get('name')
      const found = list({ ...(name === null ? {} : { name }), ...(ofRun === undefined ? {} : { runId: Number(ofRun) }) }).toReversed()
      const shown = found.map((artifact) =>
        described(artifact, { base: `${apiUrl}/repos/${repo}/actions`, origin: origins.get(artifact.runId) }),
      )
      if (id !== undefined) return { status: 200, body: shown.find((artifact) => artifact.id === Number(id)) }
      const { items, headers } = paged(shown, { query, path }, apiUrl)
      return { status: 200, headers, body: { total_count: shown.length, artifacts: items } }
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

const refuse = (status: number, code: string, msg: string): Answer => ({ status, body: { code, msg } })

function finalize(made: Made, { size, hash }: Asked): Answer {
  const { content } = made.upload
  if (!content) return refuse(412, 'failed_precondition', 'nothing was uploaded')
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
  if (size !== content.length || (hash !== undefined && hash !== digest))
    return refuse(400, 'invalid_argument', 'other bytes than uploaded')
  made.digest = digest
  return { status: 200, body: { ok: true, artifact_id: String(made.id) } }
}

const listed = ({ id, name, runId, attempt, job, createdAt, digest, upload }: Made) => ({
  workflow_run_backend_id: `run-${runId}-${attempt}`,
  workflow_job_run_backend_id: job,
  database_id: String(id),
  name,
  size: String(upload.content?.length ?? 0),
  created_at: createdAt,
  digest,
})

function described(
  { id, name, createdAt, digest, content, runId }: StoredArtifact,
  { base, origin }: { base: string; origin: RunOrigin | undefined },
) {
  return {
    id,
    node_id: `MDg6QXJ0aWZhY3Q${id}`,
    name,
    size_in_bytes: content.length,
    url: `${base}/artifacts/${id}`,
    archive_download_url: `${base}/artifacts/${id}/zip`,
    expired: false,
    created_at: createdAt,
    updated_at: createdAt,
    expires_at: '2099-01-01T00:00:00Z',
    digest,
    workflow_run: {
      id: runId,
      ...(origin && {
        repository_id: origin.repositoryId,
        head_repository_id: origin.headRepositoryId,
        head_branch: origin.headBranch,
        head_sha: origin.headSha,
      }),
    },
  }
}
