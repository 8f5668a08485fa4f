import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { ProctorError, toError } from '../../runner/domain/error.ts'
import { type AppFile, manifestOf, organisationOf, publicUrlOf, type Wishes } from './manifest.ts'
import { askPage, createPage, donePage, finishPage, type Page, refusedPage } from './pages.ts'
import type { Registered } from './register.ts'

type Form = Readonly<Record<string, string>>
export type Asked = {
  readonly form: Form
  /** Where the browser says that it is, such as http://127.0.0.1:3000. */
  readonly origin: string
  readonly session: string
}
export type Answer = Page & { readonly session?: string }
export type Steps = {
  ask(): Answer
  begin(asked: Asked): Answer
  back(asked: Asked): Answer
  finish(asked: Asked): Promise<Answer>
}
type Options = {
  readonly file: AppFile
  readonly given: { readonly publicUrl: string; readonly organisation: string }
  readonly serverUrl: string
  readonly webhookPath: string
  readonly appEnv: string
  /** Exchanges GitHub's code, and keeps what it gives out. */
  readonly keep: (code: string) => Promise<Registered>
  readonly done: (made: Registered) => void
}

/**
 * Four steps, each of which only who made the one before can make: the code of the terminal opens a session, the session gets a state that
 * goes to GitHub and back, and only both together may give a code of GitHub's. `code` works once.
 */
export function stepsOf({ file, given, serverUrl, webhookPath, appEnv, keep, done }: Options): Steps & { readonly code: string } {
  const code = newCode()
  let session: string | undefined
  let state: string | undefined
  let isBusy = false
  const isOurs = (asked: Asked) =>
    session !== undefined && state !== undefined && equal(asked.session, session) && equal(asked.form.state ?? '', state)

  return {
    code,
    ask: () => ({ body: askPage(given) }),

    begin({ form, origin }) {
      if (session !== undefined) return refused(403, 'The code has been used. If that was not you, stop the set-up and start it again.')
      if (!equal((form.code ?? '').trim().toUpperCase(), code)) return refused(403, 'This is not the code in the terminal.')
      const wishes = read(form)
      if (wishes instanceof ProctorError) return refused(400, wishes.message)
      session = randomBytes(32).toString('hex')
      state = randomBytes(32).toString('hex')
      const whose = wishes.organisation === undefined ? '' : `/organizations/${wishes.organisation}`
      const manifest = manifestOf(file, wishes, { webhookPath, backTo: `${origin}/back` })
      const action = `${serverUrl}${whose}/settings/apps/new?state=${state}`
      return { body: createPage({ action, manifest }), formTo: [new URL(serverUrl).origin], session }
    },

    // GitHub's way back is a GET: it changes nothing, so that no prefetched or forged one does.
    back(asked) {
      if (!isOurs(asked)) return refused(403, 'This way back from GitHub was not begun here.')
      return { body: finishPage({ code: asked.form.code ?? '', state: asked.form.state ?? '' }) }
    },

    async finish(asked) {
      if (!isOurs(asked)) return refused(403, 'This way back from GitHub was not begun here.')
      if (!/^[\w-]{1,200}$/.test(asked.form.code ?? '')) return refused(400, 'GitHub sent no code.')
      if (isBusy) return refused(409, 'This is under way already.')
      isBusy = true
      try {
        const made = await keep(asked.form.code ?? '')
        state = undefined
        done(made)
        return { body: donePage({ file: appEnv, install: `${made.page}/installations/new` }) }
      } catch (error) {
        return refused(502, toError(error).message)
      } finally {
        isBusy = false
      }
    },
  }
}

function read(form: Form): Wishes | ProctorError {
  try {
    return { publicUrl: publicUrlOf(form.url ?? ''), organisation: organisationOf(form.organisation ?? '') }
  } catch (error) {
    return toError(error)
  }
}

const refused = (status: number, why: string): Answer => ({ status, body: refusedPage(why) })

/** 80 bits, without letters that look like others: nobody guesses it before the set-up is over. */
function newCode(): string {
  const letters = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
  return [...randomBytes(16)].map((byte, at) => `${at > 0 && at % 4 === 0 ? '-' : ''}${letters[byte % letters.length]}`).join('')
}

const digest = (text: string) => createHash('sha256').update(text).digest()
const equal = (given: string, wanted: string) => timingSafeEqual(digest(given), digest(wanted))
