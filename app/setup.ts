import { ProctorError } from '../runner/domain/error.ts'
import { type SetupSettings, setupSettings, type Variables } from './settings.ts'
import { appEnvOf, expectNoAppEnv, keepAppEnv } from './setup/app-env.ts'
import { organisationOf, publicUrlOf, readAppFile } from './setup/manifest.ts'
import { type Registered, register } from './setup/register.ts'
import { openSetupServer } from './setup/server.ts'
import { stepsOf } from './setup/steps.ts'

type Options = {
  readonly variables: Variables
  readonly url?: string | undefined
  readonly organisation?: string | undefined
  readonly isForced: boolean
  /** A line for whoever sits at the terminal. */
  readonly say: (line: string) => void
}

/**
 * Registers an App for a server that has none, with the browser of whoever can read its terminal, and keeps what GitHub gives out in `app.env`. Gives false when the
 * signal came first. Throws `app_misconfigured` and `usage_invalid`.
 */
export async function setUp({ variables, url = '', organisation = '', isForced, say }: Options, signal: AbortSignal): Promise<boolean> {
  const settings = setupSettings(variables)
  const appEnv = appEnvOf(variables)
  await expectNoAppEnv(appEnv, isForced)
  const ended = Promise.withResolvers<Registered | undefined>()
  const steps = stepsOf({
    file: await readAppFile(),
    given: { publicUrl: url && publicUrlOf(url), organisation: organisationOf(organisation) ?? '' },
    serverUrl: settings.serverUrl,
    webhookPath: settings.webhookPath,
    appEnv,
    async keep(code) {
      await expectNoAppEnv(appEnv, isForced)
      const made = await register(code, settings.apiUrl)
      await keepAppEnv(appEnv, { ...made.variables, ...elsewhere(settings) }, isForced)
      return made
    },
    done: ended.resolve,
  })
  signal.addEventListener('abort', () => ended.resolve(undefined), { once: true })
  let made: Registered | undefined
  {
    await using server = await openSetupServer({ ...settings, steps }).catch((error: Error) => {
      throw new ProctorError('app_misconfigured', `HOST, PORT: ${error.message}`)
    })
    for (const line of welcome(server.url, { code: steps.code, settings })) say(line)
    made = await ended.promise
  }
  if (made) for (const line of farewell(made, appEnv)) say(line)
  return made !== undefined
}

/** What `proctor serve` has to know beside the key, where it is not what everybody has. */
function elsewhere({ apiUrl, serverUrl, webhookPath }: SetupSettings): Readonly<Record<string, string>> {
  const usual = setupSettings({})
  return {
    ...(apiUrl !== usual.apiUrl && { GITHUB_API_URL: apiUrl, GITHUB_SERVER_URL: serverUrl }),
    ...(webhookPath !== usual.webhookPath && { WEBHOOK_PATH: webhookPath }),
  }
}

function welcome(url: string, { code, settings }: { readonly code: string; readonly settings: SetupSettings }): readonly string[] {
  const isHere = /^http:\/\/(127\.|localhost|\[::1\])/.test(url)
  const shown = url.replace(/\/\/(0\.0\.0\.0|\[::\])/, '//127.0.0.1')
  return [
    `Open ${shown} in a browser, and type this code there: ${code}`,
    isHere
      ? `From another machine: ssh -L ${settings.port}:127.0.0.1:${settings.port} SERVER, then the same address.`
      : 'It may be reached from other machines too, without TLS: whoever reads along could take the code. HOST=127.0.0.1 and ssh -L are safer.',
    'Ctrl-C ends the set-up.',
  ]
}

const farewell = ({ slug, page }: Registered, appEnv: string): readonly string[] => [
  `The App ${slug} is set up; its key is in ${appEnv}.`,
  `Install it where your agents are: ${page}/installations/new`,
  'Then start the server: proctor serve',
]
