import { describe, expect, test } from 'vitest'
import { lists, readHosts, readPlace } from '../../../../../runner/adapters/gateway/proxy/hosts.ts'

describe('the hosts of a run', () => {
  test.each([
    ['example.com', 'example.com:443', true],
    ['example.com', 'EXAMPLE.com:443', true],
    ['Example.COM', 'example.com:443', true],
    ['example.com', 'example.com:80', false],
    ['example.com', 'example.com:8443', false],
    ['example.com:8443', 'example.com:8443', true],
    ['example.com:8443', 'example.com:443', false],
    ['example.com', 'www.example.com:443', false],
    ['example.com', 'notexample.com:443', false],
    ['example.com', 'example.com.evil.org:443', false],
    ['*.example.com', 'www.example.com:443', true],
    ['*.example.com', 'a.b.example.com:443', true],
    ['*.example.com', 'example.com:443', false],
    ['*.example.com', 'notexample.com:443', false],
    ['*.example.com:8443', 'a.example.com:8443', true],
    ['*', 'example.com:443', false],
    ['*.0.0.1', '127.0.0.1:443', false],
    ['1.1.1.1', '1.1.1.1:443', true],
    ['1.1.1.1', '1.1.1.10:443', false],
    ['2606:4700::1111', '[2606:4700::1111]:443', true],
    ['[2606:4700::1111]:8443', '[2606:4700::1111]:8443', true],
    ['abc:443', 'abc:443', true],
    [' example.com ', 'example.com:443', true],
    ['https://example.com', 'example.com:443', false],
    ['', 'example.com:443', false],
  ])('%s and %s', (entry, authority, allowed) => {
    const place = readPlace(authority)
    expect(place && lists(readHosts([entry]), place)).toBe(allowed)
  })

  test.each([
    'example.com',
    'example.com:',
    'example.com:0',
    'example.com:65536',
    'example.com:443:443',
    ':443',
    'user@example.com:443',
    'user:pass@example.com:443',
    'https://example.com:443',
    'example.com:443/path',
    'exam ple.com:443',
    'example%2ecom:443',
    'example.com.:443',
    '.example.com:443',
    'a..example.com:443',
    'exämple.com:443',
    '[::1:443',
    '::1:443',
    '[fe80::1%eth0]:443',
    `${'a'.repeat(300)}.com:443`,
    '/etc/passwd',
    '',
  ])('%j is no place', (authority) => {
    expect(readPlace(authority)).toBeUndefined()
  })
})
