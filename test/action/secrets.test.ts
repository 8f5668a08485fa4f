import { expect, test, vi } from 'vitest'
import { maskSecrets } from '../../action/secrets.ts'
import { keyless } from '../../runner/lib/keyless.ts'

test('a secret is masked in every form in which it may come out by accident', () => {
  const said: string[] = []
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said.push(String(text))
    return true
  })
  const key = 'sk-test/a b+c=="quoted"'
  try {
    maskSecrets({ ANTHROPIC_API_KEY: key, PROCTOR_CREDENTIAL_DEPLOY: 'deploy-key-1', HOME: '/home/x' }, 'ghs_token_of_the_job')
  } finally {
    stdout.mockRestore()
  }
  const masks = said.map((line) => line.replace('::add-mask::', '').trim().replaceAll('%25', '%'))
  for (const form of [
    key,
    Buffer.from(key).toString('hex'),
    encodeURIComponent(key),
    JSON.stringify(key).slice(1, -1),
    'deploy-key-1',
    'ghs_token_of_the_job',
  ])
    expect(masks).toContain(form)
  expect(masks.some((mask) => Buffer.from(key).toString('base64').startsWith(mask))).toBe(true)
  expect(masks.join()).not.toContain('/home/x')
})

test('code of strangers runs in a world without a key', () => {
  expect(
    keyless({
      PATH: '/bin',
      OPENAI_API_KEY: 'a',
      ANTHROPIC_AUTH_TOKEN: 'b',
      MISTRAL_API_KEY: 'c',
      PROCTOR_CREDENTIAL_X: 'd',
      PROCTOR_CREDENTIALS_KEY: 'e',
    }),
  ).toEqual({ PATH: '/bin' })
})
