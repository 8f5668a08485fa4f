import { type SimpleGit, simpleGit } from 'simple-git'
import { Redactor } from '../../lib/redact.ts'
import { Refused } from '../fetch/guard.ts'

type Variables = Readonly<Record<string, string | undefined>>
/** A secret for one host, in canonical form such as `https://git.example.com:8443`. */
export type Token = { readonly value: string; readonly origin: string }
export type Options = {
  readonly variables: Variables
  /** Files and folders of this machine may be read as repositories. */
  readonly local: boolean
  readonly signal?: AbortSignal
  /** The only way out. Without one, nothing that needs a network works. */
  readonly proxy?: string
  readonly token?: Token
  /** The remote is one that whoever runs us named, not a stranger: it is asked by this protocol, and as the machine itself would. */
  readonly own?: 'http' | 'https'
}

/** Nothing of the machine's own git configuration, no prompt, no hook, no helper. */
const neutral = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.symlinks=true',
  'core.autocrlf=false',
  'protocol.allow=never',
  'protocol.https.allow=always',
  'submodule.recurse=false',
  'credential.helper=',
  // A redirect goes through the proxy as everything does; a login belongs to its host, and is not asked for at another.
  'http.followRedirects=initial',
  // Bytes a second, and seconds below that.
  'http.lowSpeedLimit=100',
  'http.lowSpeedTime=60',
]
/** The user's folder too is out of reach: curl would take passwords from its .netrc. */
const environment = {
  HOME: '/nonexistent',
  GIT_TERMINAL_PROMPT: '0',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_LFS_SKIP_SMUDGE: '1',
  LC_ALL: 'C',
}
const passed = ['PATH', 'GIT_SSL_CAINFO', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'CURL_CA_BUNDLE']
const ownProxies = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'no_proxy', 'NO_PROXY', 'all_proxy', 'ALL_PROXY']
const ours = ['GIT_ALLOW_PROTOCOL', 'PROCTOR_GIT_USER', 'PROCTOR_GIT_TOKEN']
/** Silence of git, in ms, after which it counts as stuck. */
const block = 120_000
/** Bytes that git may say about a remote: lists of refs and submodules are short, once git has filtered them. */
const longest = 4 * 2 ** 20

/**
 * git in `folder`, at peace with strangers. The token is in the environment of git alone; a helper that has no secret in it hands it out
 * when that one host asks for a login, so that it is never in argv, a URL or a file, and stays behind when a redirect leads elsewhere.
 */
export function remoteGit(folder: string, { variables, local, signal, proxy, token, own }: Options): SimpleGit {
  const handed = own ? [...passed, ...ownProxies] : passed
  const helper = '!f() { test "$1" != get || printf "username=%s\\npassword=%s\\n" "$PROCTOR_GIT_USER" "$PROCTOR_GIT_TOKEN"; }; f'
  const tooMuch = new AbortController()
  return simpleGit({
    baseDir: folder,
    config: [
      ...neutral,
      `protocol.file.allow=${local ? 'always' : 'never'}`,
      ...(own === 'http' ? ['protocol.http.allow=always'] : []),
      ...(token ? [`credential.${token.origin}.helper=${helper}`] : []),
    ],
    timeout: { block },
    allowEnvironment: [...Object.keys(environment), ...handed, ...ours],
    abort: AbortSignal.any([tooMuch.signal, ...(signal ? [signal] : [])]),
    unsafe: {
      allowUnsafeHooksPath: true,
      allowUnsafeProtocolOverride: true,
      allowUnsafeConfigPaths: true,
      allowUnsafeCredentialHelper: true,
      allowUnsafeFsMonitor: true,
    },
  })
    .env({
      ...Object.fromEntries(handed.flatMap((name) => (variables[name] === undefined ? [] : [[name, variables[name]]]))),
      ...environment,
      // By environment too: unlike a setting, nothing that git starts can be without it.
      GIT_ALLOW_PROTOCOL: local ? 'https:file' : (own ?? 'https'),
      ...(proxy === undefined ? {} : { https_proxy: proxy, http_proxy: proxy, all_proxy: proxy }),
      ...(token ? { PROCTOR_GIT_USER: userOf(token), PROCTOR_GIT_TOKEN: token.value } : {}),
    })
    .outputHandler((_, stdout, stderr) => {
      let bytes = 0
      const count = (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > longest) tooMuch.abort()
      }
      for (const stream of [stdout, stderr]) stream.on('data', count)
    })
}

/** Hosts take any name beside a token, with one exception. */
const userOf = ({ origin }: Token) => (origin === 'https://bitbucket.org' ? 'x-token-auth' : 'x-access-token')

/** What git said, as one line that is safe to show: no secret, no control characters, no user in a URL, bounded. */
function wordsOf(error: Error, token: Token | undefined): string {
  const redactor = new Redactor()
  if (token) {
    redactor.register(token.value)
    redactor.register(`${userOf(token)}:${token.value}`)
  }
  const lines = redactor.redact(error.message).split('\n')
  const line = lines.find((line) => line.startsWith('fatal:')) ?? lines.find((line) => line.trim() !== '') ?? 'git failed'
  const shown = line
    .replace(/\p{Cc}|\p{Cf}/gu, ' ')
    .replace(/(https?:\/\/)[^/\s@]*@/g, '$1')
    .trim()
  return shown.length > 300 ? `${shown.slice(0, 300)}…` : shown
}

/** A failure of git -> `Refused`, with what the person can do about it where that is known. */
export function refusal(error: Error, token: Token | undefined): Refused {
  if (/could not read (Username|Password)|terminal prompts disabled/.test(error.message))
    return new Refused(token ? 'it does not accept the token' : 'it asks for a login: `credential` names the token that opens it')
  if (/Authentication failed/.test(error.message)) return new Refused('it does not accept the token')
  return new Refused(wordsOf(error, token))
}
