import { execFileSync } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openProcesses, type Processes } from '../support/app-processes.ts'
import { type FaultOf, faults } from '../support/github/faults.ts'
import { type Hub, openHub } from '../support/github/hub.ts'
import { type OwnEngine, ownEngine } from '../support/own-engine.ts'
import { type Cluster, execute, ownCluster, rowsOf } from '../support/postgres.ts'
import { seeded } from '../support/seeded.ts'
import { there } from '../support/there.ts'

const isFull = process.env.PROCTOR_TEST_FULL === '1'
const seed = Number(process.env.PROCTOR_TEST_SEED || 20_261_126)
/** Changes are a push or a pull request, which is a push too; each has three samples. */
const size = isFull ? { changes: 50, runs: 200, kills: 40 } : { changes: 8, runs: 24, kills: 8 }
const samples = 3
const name = 'acme/agents'
const names = ['proctor', 'proctor / hello / first']

/** No two commits have the same agent: nothing is taken over from an earlier one. */
const agent = (answer: string, nonce: number) => ({
  'agents/hello/main.py': `import time\n\n\ndef run(user, **_):\n    time.sleep(0.7)  # ${nonce}\n    return ${JSON.stringify(answer)}\n`,
})
const files = {
  '.github/proctor.yml': 'apiVersion: proctor/v1\ntriggers: {push: {branches: ["**"]}}\n',
  'agents/hello/agent.yaml':
    'apiVersion: proctor/v1\nkind: PythonFunction\nname: hello\nentrypoint: run\nentrypoint_file: main.py\nsource: {file: main.py}\n',
  'agents/hello/evals/first.yaml':
    'apiVersion: proctor/v1\nkind: Eval\nname: first\ndataset: first.csv\njudge: none\ngate: {min_pass_rate: 1}\nscorers: [{name: polite, type: response, contains: please}]\n',
  'agents/hello/evals/first.csv': `user\n${Array.from({ length: samples }, (_, at) => `Greet me ${at}\n`).join('')}`,
}

const closing = new AsyncDisposableStack()
let [cluster, engine, hub, app]: [Cluster?, OwnEngine?, Hub?, Processes?] = []
const databaseUrl = () => there(cluster).url('proctor')
const count = async (from: string): Promise<number> =>
  Number((await rowsOf<{ many: string }>(databaseUrl(), `SELECT count(*) AS many FROM ${from}`))[0]?.many)
const containers = () =>
  execFileSync('docker', ['--host', there(engine).host, 'ps', '-aq', '--filter', 'label=proctor.owner'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim()

beforeAll(async () => {
  cluster = closing.use(await ownCluster())
  await execute(cluster.url('postgres'), 'CREATE DATABASE proctor')
  engine = closing.use(await ownEngine())
  hub = closing.use(await openHub())
  app = closing.use(await openProcesses({ hub, databaseUrl: databaseUrl(), dockerHost: engine.host, workers: 2 }))
}, 180_000)
afterAll(() => closing.disposeAsync(), 60_000)

/** What a commit must be told in the end. `superseded`: a newer one came onto its branch, perhaps before it was through. */
type Change = { readonly sha: string; readonly answer: 'success' | 'failure'; readonly pull?: number; superseded: boolean }

test(
  `whatever dies at whatever moment, every change has exactly one verdict (seed ${seed})`,
  async () => {
    const [random, luck] = [seeded(seed), seeded(seed + 1)]
    const { git, commit, push, branch, open } = await there(hub).repository(name, { isPrivate: true })
    const place = { commit, push, branch, open, git }
    there(hub).install('acme')
    await commit({ ...files, ...agent('please', 0) })
    await push()
    const changes: Change[] = []
    const killed: Record<string, number> = {}

    const outages = { times: 0, refused: 0, dropped: 0 }
    let isOver = false

    await Promise.all([Promise.all([makeChanges(), makeTrouble()]).finally(() => (isOver = true)), makeOutages()])
    await quiet()
    console.log(
      `seed ${seed}: ${changes.length} changes, killed ${JSON.stringify(killed)}, outages of the checks API ${JSON.stringify(outages)}, ${await figures()}`,
    )

    async function makeChanges() {
      for (let at = 1; at <= size.changes; at++) {
        const answer = random() < 0.6 ? 'please' : 'go away'
        const before = changes.at(-1)
        const isNewer = before !== undefined && random() < 0.15
        // GitHub counts seconds.
        if (isNewer) await wait(1100)
        else place.branch(`change-${at}`, 'main')
        const sha = await place.commit(agent(answer, at))
        await place.push()
        if (isNewer) before.superseded = true
        const isPull = !isNewer && random() < 0.4
        const pull = isPull ? (await place.open({ head: `change-${at}` })).number : isNewer ? before.pull : undefined
        changes.push({ sha, answer: answer === 'please' ? 'success' : 'failure', superseded: false, ...(pull !== undefined && { pull }) })
        await wait(random() * 3000)
      }
    }

    async function makeTrouble() {
      const { web, workers } = there(app)
      const victims = [web, web, ...workers, ...workers, { name: 'database', ...there(cluster) }, { name: 'engine', ...there(engine) }]
      for (let at = 0; at < size.kills; ) {
        await wait(500 + luck() * 3500)
        // Now and then two at once.
        const all = new Set([
          victims[Math.floor(luck() * victims.length)],
          ...(luck() < 0.2 ? [victims[Math.floor(luck() * victims.length)]] : []),
        ])
        await Promise.all(
          [...all].map(async (victim) => {
            const { name, kill, start } = there(victim)
            await kill()
            killed[name] = (killed[name] ?? 0) + 1
            at += 1
            await wait(luck() * 1500)
            await start()
          }),
        )
      }
    }

    /**
     * Beside all that, GitHub takes no check runs for a while, and again; reading goes on as ever. Whatever could not be shown is not tried again
     * by its job, as if all its tries had been used up.
     */
    async function makeOutages() {
      const chance = seeded(seed + 2)
      let heal: (() => void) | undefined
      for (let until = 0; !isOver || heal || outages.times < 3; await wait(500)) {
        outages.dropped += await dropTries()
        if (Date.now() < until) continue
        heal?.()
        heal = heal ? undefined : there(hub).fault(noChecks)
        // Longer than a client itself tries again.
        until = Date.now() + (heal ? 16_000 + chance() * (isFull ? 60_000 : 8000) : chance() * 6000)
        if (heal) outages.times += 1
      }
    }
    function noChecks({ route, method }: Parameters<FaultOf>[0]) {
      if (method === 'GET' || !route.includes('/check-runs')) return undefined
      outages.refused += 1
      return faults.badGateway
    }

    for (const { sha, answer, superseded } of changes) {
      const runs = await there(hub).checkRuns(name, sha)
      const newest = new Map(runs.map((run) => [run.name, run] as const))
      const isCancelled = superseded && newest.get('proctor')?.conclusion === 'cancelled'
      // What was superseded before it had a plan has the aggregate alone.
      if (!isCancelled) expect([...newest.keys()].sort(), sha).toEqual(names)
      for (const { status, conclusion } of newest.values())
        expect({ status, conclusion }, sha).toEqual({
          status: 'completed',
          conclusion: isCancelled ? 'cancelled' : answer,
        })
      expect(
        runs.filter(({ status }) => status !== 'completed'),
        'none is left open',
      ).toEqual([])
      const twins = runs.map(({ name, external_id }) => `${name} ${external_id}`)
      expect(twins.length, `${sha}: none is there twice`).toBe(new Set(twins).size)
    }
  },
  isFull ? 3_600_000 : 300_000,
)

/** Takes jobs of publishing away that failed. Gives how many: none while the database is away. */
const dropTries = () =>
  rowsOf(databaseUrl(), `DELETE FROM pgboss.job WHERE name = 'publish' AND state = 'retry' RETURNING id`).then(
    (rows) => rows.length,
    () => 0,
  )

/** Until nothing is to be done any more, and nobody is told anything new. */
async function quiet(): Promise<void> {
  const open = {
    deliveries: `proctor.deliveries WHERE state = 'received'`,
    evaluations: `proctor.evaluations WHERE state NOT IN ('done', 'cancelled', 'failed')`,
    letters: `proctor.outbox WHERE state = 'due'`,
    'check runs': `proctor.check_runs WHERE status <> 'completed'`,
    'not shown': `proctor.evaluations WHERE shown IS DISTINCT FROM state`,
    jobs: `pgboss.job WHERE state < 'completed' AND name NOT IN ('reconcile', 'poll', 'retain') AND name NOT LIKE '\\_\\_%'`,
  }
  await expect
    .poll(
      async () => {
        const told = there(hub).deliveries
        const taken = new Set(told.filter(({ code }) => code >= 200 && code < 300).map(({ guid }) => guid))
        const left = await Promise.all(Object.entries(open).map(async ([what, from]) => [what, await count(from)] as const))
        return { ...Object.fromEntries(left), untold: new Set(told.map(({ guid }) => guid).filter((guid) => !taken.has(guid))).size }
      },
      { timeout: isFull ? 1_200_000 : 200_000, interval: 1000 },
    )
    .toEqual({ deliveries: 0, evaluations: 0, letters: 0, 'check runs': 0, 'not shown': 0, jobs: 0, untold: 0 })
}

async function figures(): Promise<string> {
  const [evaluations, verdicts, results, deliveries] = await Promise.all(
    ['evaluations', 'verdicts', 'results', 'deliveries'].map((table) => count(`proctor.${table}`)),
  )
  return `${evaluations} evaluations, ${verdicts} verdicts, ${results} runs, ${deliveries} deliveries`
}

test('of what was examined each sample counts once, and each evaluation has one verdict', async () => {
  expect(
    await count(
      `proctor.evaluations e WHERE state IN ('done', 'failed') AND NOT EXISTS (SELECT 1 FROM proctor.verdicts v WHERE v.evaluation_id = e.id)`,
    ),
  ).toBe(0)
  expect(await count(`proctor.verdicts v JOIN proctor.evaluations e ON e.id = v.evaluation_id WHERE e.state = 'cancelled'`)).toBe(0)
  expect(
    await rowsOf(
      databaseUrl(),
      `SELECT e.id, count(r.run_id)::int AS scored FROM proctor.evaluations e
       LEFT JOIN proctor.results r ON r.evaluation_id = e.id AND r.side = 'head' AND r.verdict <> 'unscored'
       WHERE e.state = 'done' GROUP BY e.id HAVING count(r.run_id) <> ${samples}`,
    ),
  ).toEqual([])
  expect(await count(`proctor.evaluations WHERE state = 'failed'`), 'nothing was given up').toBe(0)
  expect(await count('proctor.results')).toBeGreaterThanOrEqual(size.runs)
})

test('no container is left', async () => {
  await expect.poll(containers, { timeout: 90_000, interval: 1000 }).toBe('')
}, 100_000)

test('GitHub was asked for nothing that it would not understand', () => {
  expect(there(hub).violations).toEqual([])
})
