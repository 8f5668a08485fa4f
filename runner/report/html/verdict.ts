import { type Code, codes, explain } from '../../domain/error.ts'
import type { Judgement, Score } from '../../domain/grade.ts'
import type { ReportRun } from '../../domain/report.ts'
import { clip } from '../plain.ts'
import { percent } from '../wording.ts'
import { type Html, html, join, nothing } from './markup.ts'

/** What stopped a run, whose it is and what to do: for a run that could not be scored, or did not end by itself. */
export function banner({ verdict, code, ended, reason }: ReportRun): Html {
  const known = [code, ended.code].find((name): name is Code => name !== undefined && Object.hasOwn(codes, name))
  const message = ended.message === undefined || ended.message === reason ? nothing : html`<pre>${clip(ended.message, 4000)}</pre>`
  if (known) {
    const { what, who, next } = explain(known)
    const title = verdict === 'unscored' ? 'Not scored' : 'Ended in an error'
    return html`<div class="banner ${verdict}" role="note"><p><strong>${title}: <code>${known}</code></strong> ${what}</p>${message}<p>${capital(who)} can act: ${next}</p></div>`
  }
  if (ended.as === 'limit')
    return html`<div class="banner fail" role="note"><p><strong>Stopped by its limit on ${limits[ended.limit ?? ''] ?? ended.limit ?? 'resources'}.</strong> What it left by then was graded.</p>${message}</div>`
  if (verdict === 'unscored' || ended.as === 'error')
    return html`<div class="banner ${verdict}" role="note"><p><strong>${verdict === 'unscored' ? 'Not scored' : 'Ended in an error'}</strong> ${code ?? ended.code ?? ''}</p>${message}</div>`
  return nothing
}
const limits: Record<string, string> = {
  time: 'time',
  tokens: 'tokens',
  cost: 'cost',
  turns: 'turns',
  memory: 'memory',
  disk: 'disk space',
}
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** `room` = characters of evidence in each score. */
export function scoreList(scores: readonly Score[], room: number): Html {
  if (scores.length === 0) return html`<p class="quiet">No scorer gave a score.</p>`
  return html`<ul class="score-list">${join(scores.map((score) => scoreItem(score, room)))}</ul>`
}

function scoreItem({ name, type, required, status, score, trust, evidence }: Score, room: number): Html {
  const share = status === 'N/A' || score === (status === 'PASS' ? 1 : 0) ? nothing : html` <span class="share">${percent(score)}</span>`
  const facts = html`<small>${type} &middot; <span class="trust" title="${trusts[trust] ?? ''}">${trust}</span>${required ? nothing : html` &middot; not required`}</small>`
  return html`<li><div class="score"><span class="status ${statuses[status]}">${status}</span> <strong>${clip(name, 80)}</strong>${share} ${facts}</div>${evidence === '' ? nothing : html`<pre class="evidence">${clip(evidence, room)}</pre>`}</li>`
}
export const statuses = { PASS: 'pass', FAIL: 'fail', 'N/A': 'na' } as const
const trusts: Record<string, string> = {
  'black-box': 'The grader ran under another user, and the code of the agent could not touch it',
  'in-process': 'The test runner imported the code of the agent; a negative control failed as it must',
  unverified: 'Nothing keeps the code of the agent from answering in place of the grader',
}

export function judgement(judge: Judgement, room: number): Html {
  const agreed =
    judge.samples > 1 ? html` &middot; ${Math.round(judge.agreement * judge.samples)} of ${judge.samples} samples agree` : nothing
  const cut = judge.cut.length === 0 ? nothing : html`<p class="quiet">The judge did not see: ${clip(judge.cut.join('; '), 400)}</p>`
  const criteria = html`<ul class="criteria">${join(judge.criteria.map((criterion) => criterionItem(criterion, room)))}</ul>`
  return html`<div class="score"><span class="status ${judge.pass ? 'pass' : 'fail'}">${judge.pass ? 'PASS' : 'FAIL'}</span> <small>${clip(judge.model, 100)}${agreed}</small></div><p class="prose">${clip(judge.reasoning, room)}</p>${criteria}${cut}`
}

function criterionItem({ name, pass, quote, reason }: Judgement['criteria'][number], room: number): Html {
  const cited = quote === '' ? nothing : html`<blockquote>${clip(quote, room)}</blockquote>`
  return html`<li><div class="score"><span class="status ${pass ? 'pass' : 'fail'}">${pass ? 'PASS' : 'FAIL'}</span> <strong>${clip(name, 200)}</strong></div>${cited}<p>${clip(reason, room)}</p></li>`
}
