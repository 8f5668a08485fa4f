import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openGateway } from '../runner/adapters/gateway/gateway.ts'
import { openUpstream } from '../runner/adapters/upstream/upstream.ts'
import { median } from './measure.ts'

/**
 * What the gateway adds to a direct connection to the same server: time to the first byte, throughput of 50 streams at once, and memory
 * during a minute of stream. Server, gateway and client are processes of their own, as they are in a run.
 */
const event = (text: string) =>
  `event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"${text}"}}\n\n`
const start = 'event: message_start\ndata: {"type":"message_start","message":{"id":"m","usage":{"input_tokens":10,"output_tokens":1}}}\n\n'
const end =
  'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":100}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n'

/** A provider: the question says how many events of how many bytes, and over which time. */
async function serve() {
  const server = http.createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const [events, bytes, ms] = JSON.parse(body).messages[0].content.split(' ').map(Number) as [number, number, number]
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(start)
    const text = event('x'.repeat(bytes))
    for (let at = 0; at < events; ) {
      const due = ms === 0 ? events : Math.ceil((events * 20) / ms)
      for (const last = Math.min(events, at + due); at < last; at++)
        if (!response.write(text)) await Promise.race([once(response, 'drain'), once(response, 'close')])
      if (ms > 0) await new Promise((later) => setTimeout(later, 20))
    }
    response.end(end)
  })
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port })) // listening on TCP
}

async function gate(address: string) {
  const gateway = openGateway({
    upstream: openUpstream({ variables: { ANTHROPIC_BASE_URL: address, ANTHROPIC_API_KEY: 'sk-real-key' } }),
    variables: {},
  })
  const run = { id: 'bench', eval: 'bench', limits: { wallMs: 600_000, turns: 1 }, agent: { slug: 'bench' } }
  const grant = await gateway.admit({ run, keys: new Map(), hosts: [], open: false })
  const folder = await mkdtemp(join(tmpdir(), 'proctor-bench-'))
  await grant.listen(folder)
  process.on('message', async (what) => {
    if (what === 'rss') process.send?.({ rss: process.memoryUsage.rss() })
    else {
      await grant[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
      process.exit(0)
    }
  })
  process.send?.({ token: grant.token, folder })
}

type Way = { readonly name: string; readonly agent: http.Agent; readonly options: http.RequestOptions }

async function measure(seconds: number) {
  const server = fork(import.meta.filename, ['server'])
  const { port } = await told<{ port: number }>(server)
  const gateway = fork(import.meta.filename, ['gateway', `http://127.0.0.1:${port}`])
  const { token, folder } = await told<{ token: string; folder: string }>(gateway)
  const agent = () => new http.Agent({ keepAlive: true, maxSockets: 100 })
  const direct: Way = { name: 'direct', agent: agent(), options: { host: '127.0.0.1', port, path: '/v1/messages' } }
  const socketPath = join(folder, 'gateway.sock')
  const through: Way = {
    name: 'gateway',
    agent: Object.assign(agent(), { createConnection: () => connect(socketPath) }),
    options: { host: '127.0.0.1', path: '/anthropic/v1/messages' },
  }
  const headers = { 'content-type': 'application/json', 'x-api-key': token, 'anthropic-version': '2023-06-01' }
  const ask = (way: Way, question: string) => askOver(way, question, headers)

  for (let warm = 0; warm < 200; warm++) for (const way of [direct, through]) await ask(way, '5 50 0')
  const first: Record<string, number[]> = { direct: [], gateway: [] }
  for (let round = 0; round < 1000; round++) for (const way of [direct, through]) first[way.name]?.push((await ask(way, '5 50 0')).firstMs)
  const at = (way: Way, share: number) => (first[way.name] ?? []).toSorted((a, b) => a - b)[Math.floor(1000 * share)] ?? Number.NaN
  for (const [name, share, bar] of [
    ['p50', 0.5, 2],
    ['p99', 0.99, 10],
  ] as const)
    print(
      `first byte, ${name}`,
      `+${(at(through, share) - at(direct, share)).toFixed(2)} ms (${at(direct, share).toFixed(2)} direct, ${at(through, share).toFixed(2)} through the gateway)`,
      `${bar} ms`,
    )

  const ratios: number[] = []
  const speeds: string[] = []
  // The first round warms both up.
  for (let round = 0; round < 8; round++) {
    const speed: number[] = []
    for (const way of [direct, through]) {
      const began = performance.now()
      const all = await Promise.all(Array.from({ length: 50 }, () => ask(way, '2000 200 0')))
      speed.push(all.reduce((sum, { bytes }) => sum + bytes, 0) / 1e3 / (performance.now() - began))
    }
    const [a = 1, b = 0] = speed
    if (round === 0) continue
    ratios.push(b / a)
    speeds.push(`${a.toFixed(0)}/${b.toFixed(0)}`)
  }
  print('50 streams at once', `${median(ratios).toFixed(2)}x of direct (MB/s ${speeds.join(', ')})`, '0.7x')

  const sizes: number[] = []
  const long = ask(through, `10000 200 ${seconds * 1000}`)
  const timer = setInterval(async () => sizes.push(await rssOf(gateway)), 1000)
  await long
  clearInterval(timer)
  const third = Math.max(1, Math.floor(sizes.length / 3))
  const [early, late] = [median(sizes.slice(0, third)), median(sizes.slice(-third))]
  print(`10,000 events in ${seconds} s`, `memory ${early.toFixed(0)} MB in its first third, ${late.toFixed(0)} MB in its last`, 'flat')
  gateway.send('end')
  server.kill()
  direct.agent.destroy()
  through.agent.destroy()
}

function askOver(
  { agent, options }: Way,
  question: string,
  headers: http.OutgoingHttpHeaders,
): Promise<{ firstMs: number; bytes: number }> {
  const body = JSON.stringify({
    model: 'claude-sonnet-4-5',
    max_tokens: 100,
    stream: true,
    messages: [{ role: 'user', content: question }],
  })
  return new Promise((done, failed) => {
    const began = performance.now()
    const request = http.request(
      { ...options, agent, method: 'POST', headers: { ...headers, 'content-length': Buffer.byteLength(body) } },
      (response) => {
        let firstMs = 0
        let bytes = 0
        if (response.statusCode !== 200) failed(new Error(`answered ${response.statusCode}`))
        response.on('data', (chunk: Buffer) => {
          firstMs ||= performance.now() - began
          bytes += chunk.length
        })
        response.on('end', () => done({ firstMs, bytes })).on('error', failed)
      },
    )
    request.on('error', failed).end(body)
  })
}

/** Resident memory in MB, by its own word. */
async function rssOf(child: ChildProcess): Promise<number> {
  child.send('rss')
  return (await told<{ rss: number }>(child)).rss / 1e6
}
const told = async <T>(child: ChildProcess): Promise<T> => (await once(child, 'message'))[0] as T // both ends are this file
const print = (what: string, figure: string, bar: string) => console.log(`${what.padEnd(24)} ${figure}; bar ${bar}`)

const [role, ...given] = process.argv.slice(2)
if (role === 'server') await serve()
else if (role === 'gateway') await gate(given[0] ?? '')
else await measure(Number(process.env.PROCTOR_BENCH_SECONDS ?? 60))
