import type { ReportRun } from '../../domain/report.ts'
import { clip } from '../plain.ts'
import { plural } from '../wording.ts'
import { type Html, html, join, nothing } from './markup.ts'

/** What people said of a run's sample, and what they said it should leave. `room` = characters of each text. */
export function peopleList({ feedback = [], expected = [] }: ReportRun, room: number): Html {
  if (feedback.length + expected.length === 0) return nothing
  const words = feedback.map(
    ({ rating, body, trusted, ...one }) =>
      html`<li>${byline(one)} ${rating === 'none' ? 'replied' : html`said <b>${rating}</b>`}${trusted ? nothing : ', without write access'}${body === '' ? nothing : html`<p class="prose">${clip(body, room)}</p>`}</li>`,
  )
  const files = expected.map(
    ({ name, bytes, ...one }) => html`<li>${byline(one)} expected <code>${clip(name, 100)}</code> (${plural(bytes, 'byte')})</li>`,
  )
  return html`<ul class="score-list">${join([...words, ...files])}</ul>`
}

function byline({ author, url, at }: { readonly author: string; readonly url: string; readonly at: string }): Html {
  const name = html`<code>${clip(author, 60)}</code>`
  return html`${/^https?:\/\/[^/]/.test(url) ? html`<a href="${url}">${name}</a>` : name} <small>${at.slice(0, 10)}</small>`
}
