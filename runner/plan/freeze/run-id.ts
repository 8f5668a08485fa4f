import { digest } from '../../lib/digest.ts'

type Named = {
  readonly eval: string
  readonly agent: string
  readonly sample: string
  readonly side: 'head' | 'base'
  readonly epoch: number
  readonly proposed?: boolean
}

/** A file name that says what the run is, and a digest that tells it from all others: the same work has the same id on every machine. Attempts append `~n`. */
export function runId(named: Named): string {
  const readable = [named.agent, named.eval, named.sample].map((part) => plain(part).slice(0, 32)).join('.')
  const suffix = `${named.side === 'base' ? '.base' : ''}${named.proposed ? '.proposed' : ''}${named.epoch > 1 ? `.e${named.epoch}` : ''}`
  return `${readable}.${digest(named).slice('sha256:'.length, 'sha256:'.length + 12)}${suffix}`
}

const plain = (name: string) => name.replaceAll(/[^A-Za-z0-9_-]+/g, '-').replaceAll(/^-+|-+$/g, '') || 'x'
