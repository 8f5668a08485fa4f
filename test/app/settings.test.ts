import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readWebSettings } from '../../app/settings.ts'
import { Problems } from '../../runner/domain/error.ts'

const pem = (type: 'pkcs1' | 'pkcs8') =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type, format: 'pem' }).toString()
const key = pem('pkcs8')
const secret = '0f9d2c6b8a7e41d3b5c8e2f7a1946d30'
const whole = { APP_ID: '12', PRIVATE_KEY: key, WEBHOOK_SECRET: secret, PROCTOR_DATA: '/data' }
const refused = (variables: Readonly<Record<string, string | undefined>>): readonly { code: string; message: string }[] => {
  try {
    readWebSettings(variables)
  } catch (error) {
    if (error instanceof Problems) return error.all
    throw error
  }
  return []
}

test('what is needed is enough', () => {
  expect(readWebSettings(whole)).toMatchObject({
    appId: 12,
    privateKey: key,
    webhookSecret: secret,
    apiUrl: 'https://api.github.com',
    serverUrl: 'https://github.com',
    host: '127.0.0.1',
    port: 3000,
    webhookPath: '/api/github/webhooks',
    data: '/data',
    databaseUrl: undefined,
    pace: { backupHours: 6 },
  })
  expect(readWebSettings({ ...whole, PROCTOR_BACKUP_HOURS: '0' }).pace.backupHours).toBe(0)
})

test('a key may be a PEM, one with its line ends written out, or base64', () => {
  const old = pem('pkcs1')
  for (const written of [old, old.replaceAll('\n', '\\n'), Buffer.from(old).toString('base64')])
    expect(readWebSettings({ ...whole, PRIVATE_KEY: written }).privateKey).toBe(old)
})

test.each([
  [{ GHE_HOST: 'git.acme.test' }, 'https://git.acme.test/api/v3', 'https://git.acme.test'],
  [{ GITHUB_API_URL: 'https://git.acme.test/api/v3/' }, 'https://git.acme.test/api/v3', 'https://git.acme.test'],
  [{ GITHUB_API_URL: 'https://api.acme.ghe.com' }, 'https://api.acme.ghe.com', 'https://acme.ghe.com'],
  [{ GITHUB_API_URL: 'http://127.0.0.1:9', GITHUB_SERVER_URL: 'http://127.0.0.1:8' }, 'http://127.0.0.1:9', 'http://127.0.0.1:8'],
])('%j', (variables, apiUrl, serverUrl) => {
  expect(readWebSettings({ ...whole, ...variables })).toMatchObject({ apiUrl, serverUrl })
})

describe('the start is refused', () => {
  test('all that is missing is said in one go', () => {
    const problems = refused({})
    expect(problems.map(({ message }) => message.split(':')[0])).toEqual(['APP_ID', 'PRIVATE_KEY', 'WEBHOOK_SECRET'])
    expect(problems.every(({ code }) => code === 'app_misconfigured')).toBe(true)
  })

  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  test.each([
    ['WEBHOOK_SECRET', ['development', 'Development', 'short', 'aaaaaaaaaaaaaaaaaaaaaaaa', '']],
    ['PRIVATE_KEY', ['x', key.slice(0, 400), elliptic, Buffer.from('nothing').toString('base64')]],
    ['APP_ID', ['0', '-1', '1e3', 'twelve', ' 12']],
    ['PORT', ['65536', '-1', 'x']],
    ['PROCTOR_BACKUP_HOURS', ['-1', '169', '1.5', 'never']],
    ['WEBHOOK_PATH', ['hooks', '/a b', '/a?b']],
    ['GITHUB_API_URL', ['api.github.com', 'https://user:pass@host/api/v3', 'file:///etc']],
  ])('a weak or broken %s', (name, values) => {
    for (const value of values) {
      const problems = refused({ ...whole, [name]: value })
      expect(problems, value).toHaveLength(1)
      expect(problems[0]?.message).toContain(`${name}:`)
      if (name === 'PRIVATE_KEY' || name === 'WEBHOOK_SECRET')
        expect(problems[0]?.message).not.toContain(value === '' ? whole.WEBHOOK_SECRET : value)
    }
  })
})
