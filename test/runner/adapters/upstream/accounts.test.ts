import { expect, test } from 'vitest'
import { accountOf, providersOf } from '../../../../runner/adapters/upstream/accounts.ts'
import { chatAccount, describeAccount } from '../../../../runner/adapters/upstream/chat-accounts.ts'
import type { Provider } from '../../../../runner/domain/provider.ts'

type Variables = Record<string, string>
const live = { replaying: false }

test.each<[Provider, Variables, string | undefined, string, string, string]>([
  ['anthropic', { ANTHROPIC_API_KEY: 'sk-ant-1' }, undefined, 'https://api.anthropic.com', 'sk-ant-1', 'x-api-key'],
  ['anthropic', { ANTHROPIC_AUTH_TOKEN: 't-1' }, undefined, 'https://api.anthropic.com', 't-1', 'bearer'],
  ['anthropic', { ANTHROPIC_API_KEY: 'k', ANTHROPIC_AUTH_TOKEN: 't' }, undefined, 'https://api.anthropic.com', 'k', 'x-api-key'],
  [
    'anthropic',
    { ANTHROPIC_API_KEY: ' k\n', ANTHROPIC_BASE_URL: 'http://h:1/pre/fix/' },
    undefined,
    'http://h:1/pre/fix',
    'k',
    'x-api-key',
  ],
  ['anthropic', { ANTHROPIC_BASE_URL: 'http://h:1' }, undefined, 'http://h:1', 'none', 'x-api-key'],
  ['openai', { OPENAI_API_KEY: 'sk-1' }, undefined, 'https://api.openai.com/v1', 'sk-1', 'bearer'],
  ['openai', { CODEX_API_KEY: 'sk-2', OPENAI_API_BASE: 'http://h/v1/' }, undefined, 'http://h/v1', 'sk-2', 'bearer'],
  ['gemini', { GOOGLE_API_KEY: 'AIza' }, undefined, 'https://generativelanguage.googleapis.com', 'AIza', 'x-goog-api-key'],
  [
    'gemini',
    { GEMINI_API_KEY: 'a', GOOGLE_API_KEY: 'b', GOOGLE_GEMINI_BASE_URL: 'http://g' },
    undefined,
    'http://g',
    'a',
    'x-goog-api-key',
  ],
  // A run's own key, also where the host has none.
  ['openai', {}, 'sk-own', 'https://api.openai.com/v1', 'sk-own', 'bearer'],
  ['openai', { OPENAI_API_KEY: 'sk-host', OPENAI_BASE_URL: 'http://h/v1' }, 'sk-own', 'http://h/v1', 'sk-own', 'bearer'],
  ['anthropic', { ANTHROPIC_API_KEY: 'k' }, 'sk-ant-oat01-x', 'https://api.anthropic.com', 'sk-ant-oat01-x', 'bearer'],
  ['anthropic', { ANTHROPIC_AUTH_TOKEN: 't' }, 'sk-ant-api03-x', 'https://api.anthropic.com', 'sk-ant-api03-x', 'x-api-key'],
  ['anthropic', { ANTHROPIC_AUTH_TOKEN: 't' }, 'proxy-token', 'https://api.anthropic.com', 'proxy-token', 'bearer'],
])('%s with %j and own key %s is asked at %s', (provider, variables, key, address, shown, auth) => {
  expect(accountOf(provider, variables, { ...live, ...(key ? { key } : {}) })).toEqual({ provider, address, key: shown, auth })
})

test('a provider that nobody has a key or an address for has no account', () => {
  expect(accountOf('openai', { ANTHROPIC_API_KEY: 'k', OPENAI_API_KEY: ' ' }, live)).toBeUndefined()
  expect(providersOf({ ANTHROPIC_API_KEY: 'k', OPENAI_API_KEY: ' ', GOOGLE_GEMINI_BASE_URL: 'http://g' }, false)).toEqual([
    'anthropic',
    'gemini',
  ])
})

test('when answers are replayed, every provider has an account, and none has a key', () => {
  for (const provider of providersOf({ OPENAI_API_KEY: 'sk-1' }, true))
    expect(accountOf(provider, { OPENAI_API_KEY: 'sk-1' }, { replaying: true })).toMatchObject({ provider, key: '' })
  expect(providersOf({}, true)).toHaveLength(3)
  expect(chatAccount('acme/x', {}, true)).toMatchObject({ model: 'x', account: { provider: 'acme', key: '' } })
  expect(describeAccount('acme/x', {}, true)).toMatch(/^x from recorded answers/)
})

test.each(['localhost:1', 'ftp://h', 'http://u:p@h', 'http://h/?a=1', 'http://h/#a', 'nonsense'])('%s is no address', (address) => {
  expect(() => accountOf('openai', { OPENAI_BASE_URL: address }, live)).toThrow(
    expect.objectContaining({ code: 'agent_model_unresolved', message: expect.stringContaining('OPENAI_BASE_URL') }),
  )
})

test.each<[string, Variables, string, string]>([
  ['openai/gpt-5-mini', { OPENAI_API_KEY: 'k' }, 'https://api.openai.com/v1', 'k'],
  ['openai/gpt-5-mini', { OPENAI_BASE_URL: 'http://h:1/v1/' }, 'http://h:1/v1', 'none'],
  ['openrouter/a/b', { OPENROUTER_API_KEY: 'k' }, 'https://openrouter.ai/api/v1', 'k'],
  ['my-lab/x', { MY_LAB_BASE_URL: 'http://h/api' }, 'http://h/api', 'none'],
  ['anthropic/claude-opus-5', { ANTHROPIC_API_KEY: 'k' }, 'https://api.anthropic.com/v1', 'k'],
  ['anthropic/claude-opus-5', { ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: 'http://h:1' }, 'http://h:1/v1', 'k'],
  ['anthropic/claude-opus-5', { ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: 'http://h:1/v1' }, 'http://h:1/v1', 'k'],
  ['gemini/gemini-2.5-pro', { GOOGLE_API_KEY: 'k' }, 'https://generativelanguage.googleapis.com/v1beta/openai', 'k'],
  ['gemini/gemini-2.5-pro', { GEMINI_BASE_URL: 'http://h/x', GEMINI_API_KEY: 'k' }, 'http://h/x', 'k'],
])('%s judges with %j at %s', (model, variables, address, key) => {
  expect(chatAccount(model, variables, false).account).toMatchObject({ address, key, auth: 'bearer' })
})

test('a judge without key or address says which variable lacks', () => {
  expect(() => chatAccount('anthropic/x', {}, false)).toThrow(/ANTHROPIC_API_KEY is not set/)
  expect(() => chatAccount('gemini/x', {}, false)).toThrow(/GEMINI_API_KEY is not set/)
  expect(() => chatAccount('acme/x', {}, false)).toThrow(/ACME_BASE_URL is not set/)
  expect(() => chatAccount('x', {}, false)).toThrow(/provider\/model is accepted/)
})
