/** The role that everything is granted to; logins of workers are members of it. */
export const workerRole = 'proctor_worker'

/** Names of the tables in `pgboss` that hold the jobs of a queue. */
export type QueueTables = Readonly<Record<'plan' | 'chunk' | 'conclude' | 'seal', string>>

const mine = (column: string) =>
  `('*' = ANY ((SELECT proctor.my_organisations())::text[]) OR ${column} = ANY ((SELECT proctor.my_organisations())::text[]))`
/** Row security holds on `evaluations` too: what cannot be seen there does not exist here. */
const seen = (id: string) => `EXISTS (SELECT 1 FROM proctor.evaluations e WHERE e.id::text = ${id})`
const open = `state IN ('planning', 'running', 'concluding')`

type Rule = {
  readonly table: string
  readonly grants: readonly string[]
  /** Which rows, by command; what is not told is refused. */
  readonly rows: Readonly<Partial<Record<'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE', string>>>
}

const own = `${mine('organisation')} AND ${seen('evaluation_id::text')}`
const ofEvaluation = { SELECT: seen('evaluation_id::text'), INSERT: seen('evaluation_id::text') }

/** Exactly what a worker does, on rows of the organisations that its login may work for. */
const rules = (tables: QueueTables): readonly Rule[] => [
  {
    table: 'proctor.evaluations',
    grants: ['SELECT', 'UPDATE (state, plan_id, plan_blob, errors, started_at, changed_at)'],
    rows: { SELECT: mine('organisation'), UPDATE: `${mine('organisation')} AND ${open}` },
  },
  {
    table: 'proctor.repos',
    grants: ['SELECT'],
    rows: { SELECT: `EXISTS (SELECT 1 FROM proctor.evaluations e WHERE e.repo_id = repos.id)` },
  },
  { table: 'proctor.batches', grants: ['INSERT'], rows: { INSERT: ofEvaluation.INSERT } },
  { table: 'proctor.samples', grants: ['INSERT'], rows: { INSERT: ofEvaluation.INSERT } },
  {
    table: 'proctor.chunks',
    grants: ['SELECT', 'INSERT', 'UPDATE (state, note)'],
    rows: { ...ofEvaluation, UPDATE: ofEvaluation.SELECT },
  },
  { table: 'proctor.results', grants: ['SELECT', 'INSERT'], rows: ofEvaluation },
  { table: 'proctor.scores', grants: ['SELECT', 'INSERT'], rows: ofEvaluation },
  { table: 'proctor.blob_uses', grants: ['INSERT'], rows: { INSERT: ofEvaluation.INSERT } },
  {
    table: 'proctor.workers',
    grants: ['SELECT', 'INSERT (id, name, organisations, public_key)', 'UPDATE (seen_at)'],
    rows: { SELECT: 'login = session_user', INSERT: 'login = session_user', UPDATE: 'login = session_user' },
  },
  {
    table: 'proctor.claims',
    grants: ['SELECT', 'INSERT', 'UPDATE (worker_id, claimed_at, wanted, public_key, sealed)'],
    rows: { SELECT: own, INSERT: own, UPDATE: own },
  },
  {
    table: 'proctor.image_builds',
    grants: ['SELECT', 'INSERT', 'UPDATE (job_id, fence, since)', 'DELETE'],
    rows: { SELECT: mine('organisation'), INSERT: mine('organisation'), UPDATE: mine('organisation'), DELETE: mine('organisation') },
  },
  ...(['plan', 'chunk'] as const).map((name): Rule => {
    const group = mine('group_id')
    const grants = ['SELECT', 'INSERT', 'UPDATE', 'DELETE']
    return { table: `pgboss.${tables[name]}`, grants, rows: { SELECT: group, INSERT: group, UPDATE: group, DELETE: group } }
  }),
  {
    table: `pgboss.${tables.conclude}`,
    grants: ['SELECT', 'INSERT'],
    rows: { SELECT: seen(`data ->> 'evaluation'`), INSERT: seen(`data ->> 'evaluation'`) },
  },
  {
    table: `pgboss.${tables.seal}`,
    grants: ['SELECT', 'INSERT'],
    rows: {
      SELECT: `EXISTS (SELECT 1 FROM proctor.claims c WHERE c.job_id::text = data ->> 'job')`,
      INSERT: `EXISTS (SELECT 1 FROM proctor.claims c WHERE c.job_id::text = data ->> 'job')`,
    },
  },
  // The queue puts a job that was tried too often among the lost through the table of all.
  {
    table: 'pgboss.job',
    grants: ['INSERT'],
    rows: { INSERT: `name = 'lost' AND ${mine('group_id')} AND ${seen(`data ->> 'evaluation'`)}` },
  },
]

/** Read by everybody who opens the store. */
const plain = [
  'GRANT USAGE ON SCHEMA proctor, pgboss TO',
  'GRANT SELECT ON proctor.migrations, pgboss.version, pgboss.queue TO',
  'GRANT EXECUTE ON FUNCTION proctor.my_organisations() TO',
]

/** Statements that take everything from the role, and then give it what a worker needs. They may be repeated. */
export const grantsFor = (tables: QueueTables): readonly string[] => [
  `REVOKE ALL ON ALL TABLES IN SCHEMA proctor, pgboss FROM ${workerRole}`,
  ...plain.map((grant) => `${grant} ${workerRole}`),
  ...rules(tables).flatMap(({ table, grants, rows }) => [
    `GRANT ${grants.join(', ')} ON ${table} TO ${workerRole}`,
    `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`,
    ...Object.entries(rows).flatMap(([command, condition]) => policy(table, command, condition)),
  ]),
]

function policy(table: string, command: string, condition: string): readonly string[] {
  const name = `worker_${command.toLowerCase()}`
  const using = command === 'INSERT' ? '' : ` USING (${condition})`
  const check = command === 'INSERT' || command === 'UPDATE' ? ` WITH CHECK (${condition})` : ''
  return [`DROP POLICY IF EXISTS ${name} ON ${table}`, `CREATE POLICY ${name} ON ${table} FOR ${command} TO ${workerRole}${using}${check}`]
}
