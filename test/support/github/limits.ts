/** What GitHub refuses and its description of the API does not say, or not exactly. Bytes are UTF-8's. */
export function limitsOf(route: string, body: unknown): readonly string[] {
  const rules = byRoute.filter(([routes]) => routes.some((one) => one === route)).flatMap(([, rule]) => rule)
  return isObject(body) ? rules.flatMap((rule) => rule(body)) : []
}

type Json = Readonly<Record<string, unknown>>
type Rule = (body: Json) => readonly string[]

const repo = '/repos/{owner}/{repo}'
const checkRuns = [`POST ${repo}/check-runs`, `PATCH ${repo}/check-runs/{check_run_id}`]
const bodies = [
  `POST ${repo}/issues/{issue_number}/comments`,
  `PATCH ${repo}/issues/comments/{comment_id}`,
  `POST ${repo}/commits/{commit_sha}/comments`,
  `PATCH ${repo}/comments/{comment_id}`,
  `POST ${repo}/issues`,
  `PATCH ${repo}/issues/{issue_number}`,
  `POST ${repo}/pulls`,
  `PATCH ${repo}/pulls/{pull_number}`,
]
const releases = [`POST ${repo}/releases`, `PATCH ${repo}/releases/{release_id}`]

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const objects = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : [])
const when = (isWrong: boolean, why: string): readonly string[] => (isWrong ? [why] : [])
const bytes = (value: unknown): number => (typeof value === 'string' ? Buffer.byteLength(value) : 0)
/** Characters as GitHub counts them: code points. */
const letters = (value: unknown): number => (typeof value === 'string' ? [...value].length : 0)

const completed: Rule = ({ status, conclusion }) => [
  ...when(status === 'completed' && typeof conclusion !== 'string', '/conclusion is required when the status is completed'),
  ...when(conclusion === 'stale', '/conclusion stale is set by GitHub alone'),
  ...when(conclusion !== undefined && status !== undefined && status !== 'completed', '/status with a conclusion is not completed'),
]

const identity: Rule = ({ external_id: id, name, head_sha: sha }) => [
  ...when(id !== undefined && (typeof id !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(id)), '/external_id is no short printable text'),
  ...when(name !== undefined && (letters(name) === 0 || letters(name) > 255), '/name has 1 to 255 characters'),
  ...when(sha !== undefined && !/^[0-9a-f]{40}$/.test(String(sha)), '/head_sha is no full commit id'),
]

const output: Rule = ({ output }) => {
  if (!isObject(output)) return []
  const annotations = objects(output.annotations)
  return [
    ...when(letters(output.title) > 255, '/output/title is longer than 255 characters'),
    ...when(bytes(output.summary) > 65_535, '/output/summary is longer than 65535 bytes'),
    ...when(bytes(output.text) > 65_535, '/output/text is longer than 65535 bytes'),
    ...when(annotations.length > 50, '/output/annotations are more than 50'),
    ...annotations.flatMap((annotation, at) => annotationProblems(annotation).map((why) => `/output/annotations/${at}${why}`)),
  ]
}

function annotationProblems({
  path,
  start_line: start,
  end_line: end,
  start_column: from,
  end_column: to,
  ...texts
}: Json): readonly string[] {
  const hasColumns = from !== undefined || to !== undefined
  return [
    ...when(bytes(texts.message) > 65_536, '/message is longer than 64 KB'),
    ...when(bytes(texts.raw_details) > 65_536, '/raw_details is longer than 64 KB'),
    ...when(bytes(texts.message) === 0, '/message is empty'),
    ...when(letters(texts.title) > 255, '/title is longer than 255 characters'),
    ...when(typeof start === 'number' && start < 1, '/start_line is below 1'),
    ...when(typeof start === 'number' && typeof end === 'number' && end < start, '/end_line is before start_line'),
    ...when(hasColumns && start !== end, '/start_column is taken on one line alone'),
    ...when(typeof path === 'string' && (path === '' || /^\/|(^|\/)\.\.(\/|$)/.test(path)), '/path is not one of the repository'),
  ]
}

const actions: Rule = ({ actions }) => [
  ...when(objects(actions).length > 3, '/actions are more than 3'),
  ...objects(actions).flatMap(({ label, description, identifier }, at) => [
    ...when(letters(label) > 20, `/actions/${at}/label is longer than 20 characters`),
    ...when(letters(description) > 40, `/actions/${at}/description is longer than 40 characters`),
    ...when(letters(identifier) > 20, `/actions/${at}/identifier is longer than 20 characters`),
  ]),
]

const body: Rule = ({ body }) => when(letters(body) > 65_536, '/body is too long (maximum is 65536 characters)')
const someBody: Rule = ({ body }) => when(typeof body === 'string' && body.trim() === '', "/body can't be blank")
/** GitHub takes more of releases; nobody who stays below the limit of comments is refused. */
const releaseBody: Rule = ({ body, tag_name: tag }) => [
  ...when(letters(body) > 65_536, '/body is too long (maximum is 65536 characters)'),
  ...when(tag === '', '/tag_name is empty'),
]

const label: Rule = ({ name, new_name: renamed, description }) => [
  ...when(letters(name) > 50 || letters(renamed) > 50, '/name is longer than 50 characters'),
  ...when(letters(description) > 100, '/description is longer than 100 characters'),
]

const byRoute: readonly (readonly [routes: readonly string[], rules: readonly Rule[]])[] = [
  [checkRuns, [completed, identity, output, actions]],
  [bodies, [body]],
  [bodies.filter((route) => route.includes('comments')), [someBody]],
  [releases, [releaseBody]],
  [[`POST ${repo}/labels`, `PATCH ${repo}/labels/{name}`], [label]],
]
