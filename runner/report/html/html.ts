import { createHash } from 'node:crypto'
import type { Report } from '../../domain/report.ts'
import { batchTitle, passLine } from '../wording.ts'
import { type Html, html, join, trusted } from './markup.ts'
import { runTable } from './run-rows.ts'
import type { ReadFile } from './run-sheet.ts'
import { script } from './script.ts'
import { style } from './style.ts'
import { batchSection, lead, notices, overview } from './summary.ts'

/**
 * report.html, piece by piece: one file that asks for nothing else, complete without its script. `read` opens the long files
 * beside the report; only what fits the page is asked for. A content policy forbids every script and style but the page's own.
 */
export async function* htmlReport(report: Report, read: ReadFile): AsyncGenerator<string> {
  const several = report.batches.length > 1
  yield top(report).markup
  yield html`<main>${lead(report)}${notices(report)}${overview(report.batches)}${join(report.batches.map((batch, index) => batchSection(batch, index, several)))}`
    .markup
  yield html`<section class="all"><h2>Runs</h2>${toolbar(report, several)}`.markup
  for await (const piece of runTable(report, read)) yield piece.markup
  yield html`<p class="quiet none" hidden>No run matches.</p></section></main>${bottom(report)}</body></html>\n`.markup
}

function top(report: Report): Html {
  const title = `${passLine(report.totals)} · ${report.batches.map(batchTitle).slice(0, 3).join(', ')} · proctor`
  const policy = `default-src 'none'; img-src data:; style-src '${hash(style)}'; script-src '${hash(script)}'; base-uri 'none'; form-action 'none'`
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer"><title>${title}</title><link rel="icon" href="data:,"><style>${trusted(style)}</style><script>${trusted(script)}</script></head>
<body><header><span class="brand">proctor</span><span class="quiet">${report.generated_at.slice(0, 16).replace('T', ' ')} UTC</span><button type="button" class="theme script">Dark</button></header>`
}

/** Of use only with the script, and hidden without it. */
function toolbar({ batches }: Report, several: boolean): Html {
  const runs = batches.flatMap((batch) => batch.runs)
  const verdicts = (['fail', 'unscored', 'pass'] as const).filter((verdict) => runs.some((run) => run.verdict === verdict))
  const choice = (value: string, name: string, count: number) =>
    html`<button type="button" data-filter="${value}" aria-pressed="${value === '' ? 'true' : 'false'}">${name} <small>${count}</small></button>`
  const choices = join([
    choice('', 'All', runs.length),
    ...verdicts.map((verdict) => choice(verdict, verdict, runs.filter((run) => run.verdict === verdict).length)),
  ])
  const picker = several
    ? html`<select aria-label="Eval and agent"><option value="">All evals</option>${join(batches.map((batch, index) => html`<option value="${index}">${batchTitle(batch)}</option>`))}</select>`
    : html``
  return html`<div class="toolbar script"><div role="group" aria-label="Verdict" class="choices">${choices}</div>${picker}<input type="search" placeholder="Search in everything" aria-label="Search in everything that is shown of a run"><output class="quiet" aria-live="polite"></output><span class="keys quiet"><kbd>j</kbd> <kbd>k</kbd> move <kbd>Enter</kbd> opens <kbd>/</kbd> searches</span></div>`
}

const bottom = ({ plan, revision, proctor }: Report): Html =>
  html`<footer class="quiet"><span>proctor ${proctor}</span><span>plan <code>${plan.slice(0, 19)}</code>, revision ${revision}</span><span><a href="report.json">report.json</a> <a href="summary.md">summary.md</a> <a href="junit.xml">junit.xml</a></span></footer>`

const hash = (text: string) => `sha256-${createHash('sha256').update(text).digest('base64')}`
