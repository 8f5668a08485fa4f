import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { root } from '../support/cli.ts'
import { there } from '../support/there.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const page = read('docs/deploy.md')

/** Those of docs/models.md and of the machine around it. */
const elsewhere =
  /^(PATH|HOME|LANG|LC_ALL|TZ|TMPDIR|(HTTPS?|NO)_PROXY|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|PIP_\w+|NPM_CONFIG_REGISTRY|\w+_BASE_URL|PROCTOR_CREDENTIAL)$/

test('each variable that a process of the App reads is in the table, and no other', () => {
  const sources = [
    'app/settings.ts',
    'app/serve.ts',
    'app/worker-variables.ts',
    ...['serve', 'setup'].flatMap((folder) => readdirSync(join(root, 'app', folder)).map((file) => `app/${folder}/${file}`)),
    ...['serve', 'web', 'worker'].map((verb) => `cli/commands/${verb}.ts`),
  ]
  const asked = sources.flatMap((path) => [
    ...read(path).matchAll(/(?:variables|process\.env)\.([A-Z][A-Z0-9_]+)|'([A-Z][A-Z0-9_]+)'|[{,]\s*([A-Z][A-Z0-9_]{3,})(?=[,:} ])/g),
  ])
  const names = new Set(asked.map(([, a, b, c]) => there(a ?? b ?? c)))
  const noVariable = /^(SIG\w+|E[A-Z]+|GET|POST|SOCKET|URL|NAME)$/
  const wanted = [...names].filter((name) => !noVariable.test(name) && !elsewhere.test(name))
  const [, table = ''] = /^\| variable \|[^\n]*\n[^\n]*\n((?:\|[^\n]*\n)+)/m.exec(page) ?? []
  const told = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)
  expect(told.length).toBeGreaterThan(15)
  expect(told.toSorted()).toEqual(wanted.toSorted())
})

test('what is kept, and for how long, is what the code says', () => {
  const [, deliveries, evaluations, workers] =
    /keep = \{ deliveries: (\d+), evaluations: (\d+), workers: (\d+) \}/.exec(read('app/jobs/retain.ts')) ?? []
  expect(page).toContain(`deliveries after ${deliveries} days, evaluations with their results after ${evaluations} days`)
  expect(page).toContain(`not seen for ${workers} days`)
})

test('its commands are there', () => {
  const shell = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text]) => text).join('\n')
  const verbs = [...shell.matchAll(/(?:^|[ |])(?:script\/)?proctor (\w+)/gm)].map(([, verb]) => verb)
  const known = [...read('cli/index.ts').matchAll(/^ {2}(\w+): \(\) => import/gm)].map(([, verb]) => verb)
  expect(verbs).toEqual(expect.arrayContaining(['serve', 'web', 'worker', 'workers', 'credentials', 'doctor']))
  expect(verbs.filter((verb) => !known.includes(verb))).toEqual([])
  const scripts = [...shell.matchAll(/(?:^|\s)script\/([\w-]+)/gm)].map(([, name]) => name ?? '')
  expect(scripts.filter((name) => !readdirSync(join(root, 'script')).includes(name))).toEqual([])
})

test('each anchor of its contents is a title', () => {
  const titles = [...page.matchAll(/^## (.*)$/gm)].map(([, title]) =>
    (title ?? '')
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )
  const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, link]) => link)
  expect(links.length).toBeGreaterThan(10)
  expect(links.filter((link) => !titles.includes(link ?? ''))).toEqual([])
})

type Service = {
  readonly [key: string]: unknown
  readonly env_file?: readonly string[]
  readonly volumes?: readonly string[]
  readonly user?: string
}

test('compose.yaml keeps the worker apart', () => {
  const { services } = parse(read('compose.yaml'), { merge: true }) as { services: Record<string, Service> } // of compose's shape
  const { web, worker } = services
  expect(Object.keys(services).sort()).toEqual(['database', 'web', 'worker'])
  expect(web?.env_file).toEqual(['web.env'])
  expect(worker?.env_file).toEqual(['worker.env'])
  expect(worker?.volumes).not.toContain('/var/lib/proctor:/var/lib/proctor')
  expect(web?.volumes?.filter((volume) => volume.includes('docker.sock'))).toEqual([])
  // The engine mounts what lies under these paths: they are the same on the machine and in the container.
  for (const volume of [...(web?.volumes ?? []), ...(worker?.volumes ?? [])]) {
    const [here, inside] = volume.split(':')
    expect(here).toBe(inside)
  }
  expect(worker?.user).toBe('10002:10000')
  expect(read('Dockerfile')).toContain('--uid 10002 --gid proctor')
  expect(read('Dockerfile')).toContain('--gid 10000 proctor')
})
