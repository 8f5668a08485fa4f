import type { ServerResponse } from 'node:http'

/** Sends a page that loads nothing, is in nobody's frame, and whose forms go here or to GitHub. */
export function show(response: ServerResponse, { status = 200, body, formTo = [] }: Page): void {
  const policy = [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `form-action 'self' ${formTo.join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ]
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy.join('; '),
      // Without the path: that of one page has a code of GitHub's. Yet forms say where they come from.
      'referrer-policy': 'strict-origin',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    .end(
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>proctor: set-up</title><style>${style}</style><h1>proctor</h1>${body}`,
    )
}
export type Page = { readonly status?: number; readonly body: string; readonly formTo?: readonly string[] }

const style =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}label{display:block;margin:1rem 0}input{width:100%;font:inherit}'

export const askPage = ({ publicUrl, organisation }: { readonly publicUrl: string; readonly organisation: string }): string => `
<p>This server has no GitHub App yet. Prove that it is yours, and say where it is.</p>
<form method="post" action="/begin">
<label>The code in the server's terminal <input name="code" autocomplete="off" autofocus required></label>
<label>Where GitHub reaches this server <input name="url" type="url" placeholder="https://proctor.example.com" value="${text(publicUrl)}" required></label>
<label>The organisation that the App belongs to; empty: you <input name="organisation" placeholder="acme" value="${text(organisation)}"></label>
<button>Go on</button></form>`

export const createPage = ({ action, manifest }: { readonly action: string; readonly manifest: object }): string => `
<p>GitHub shows what the App asks for, and lets you change its name. Then it sends you back here.</p>
<form method="post" action="${text(action)}"><input type="hidden" name="manifest" value="${text(JSON.stringify(manifest))}">
<button>Create the App on GitHub</button></form>`

export const finishPage = ({ code, state }: { readonly code: string; readonly state: string }): string => `
<p>GitHub has made the App. Its key is fetched once, and kept on the server.</p>
<form method="post" action="/finish"><input type="hidden" name="code" value="${text(code)}"><input type="hidden" name="state" value="${text(state)}">
<button>Keep it</button></form>`

export const donePage = ({ file, install }: { readonly file: string; readonly install: string }): string => `
<p>The App is set up; its key is in <code>${text(file)}</code> on the server. This page is gone in a moment.</p>
<ol><li>Start the server: <code>proctor serve</code></li><li><a href="${text(install)}">Install the App</a> where your agents are.</li></ol>`

export const refusedPage = (why: string): string => `<p>${text(why)}</p><p><a href="/">Back to the beginning</a></p>`

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const text = (raw: string) => raw.replaceAll(/[&<>"']/g, (one) => entities[one] ?? one)
