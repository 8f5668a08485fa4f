import { expect, test } from 'vitest'
import { expectedIn } from '../../../app/comments/expected-in.ts'

const github = 'https://github.com'
const attached = (url: string, server = github) => expectedIn(`/proctor expect r1\n[out.json](${url})`, server)

test('a fenced block is the text, and its info string may name it', () => {
  expect(expectedIn('/proctor expect r1\n```json out.json\n{"a": 1}\n```\nmore', github)).toEqual([{ name: 'out.json', text: '{"a": 1}' }])
  expect(expectedIn('x\r\n~~~\r\na\r\n```\r\nb\r\n~~~', github)).toEqual([{ name: 'expected.txt', text: 'a\n```\nb' }])
  expect(expectedIn('````\n```\nx\n```\n````', github)).toEqual([{ name: 'expected.txt', text: '```\nx\n```' }])
  expect(expectedIn('``` ../../etc/x.txt\ny\n```', github)).toEqual([{ name: '_.._etc_x.txt', text: 'y' }])
  expect(expectedIn('```\nnever closed', github)).toEqual([])
})

test.each([
  'https://github.com/user-attachments/files/123/out.json',
  'https://github.com/user-attachments/assets/0b1f-11',
  'https://github.com/acme/agents/files/123/out.json',
])('%s is an upload', (url) => {
  expect(attached(url)).toEqual([{ name: 'out.json', url }])
})

test('what the editor makes of a picture or a film is one too', () => {
  const [picture, film] = ['https://github.com/user-attachments/assets/0b1f-11', 'https://github.com/user-attachments/assets/0b1f-12']
  const body = `/proctor expect r1\n<img width="640" alt="x" src="${picture}" />\n${film}\nhttps://evil.test/user-attachments/assets/1`
  expect(expectedIn(body, github)).toEqual([
    { name: 'attachment', url: picture },
    { name: 'attachment', url: film },
  ])
  expect(expectedIn(`![shot.png](${picture})`, github)).toEqual([{ name: 'shot.png', url: picture }])
})

test('an Enterprise Server has uploads of its own, and only those', () => {
  const url = 'https://git.acme.test/user-attachments/files/1/a.txt'
  expect(attached(url, 'https://git.acme.test')).toHaveLength(1)
  expect(attached('https://github.com/user-attachments/files/1/a', 'https://git.acme.test')).toEqual([])
})

test.each([
  'http://github.com/user-attachments/files/1/a',
  'https://github.com.evil.test/user-attachments/files/1/a',
  'https://evil.test/user-attachments/files/1/a',
  'https://github.com@evil.test/user-attachments/files/1/a',
  'https://x:y@github.com/user-attachments/files/1/a',
  'https://github.com:444/user-attachments/files/1/a',
  'https://github.com/acme/agents/raw/main/a',
  'https://github.com/logout',
  'https://github.com/user-attachments/files/../../logout',
  'https://raw.githubusercontent.com/acme/agents/main/a',
  'https://169.254.169.254/user-attachments/files/1/a',
  'file:///user-attachments/files/1/a',
  '/user-attachments/files/1/a',
])('%s is none', (url) => {
  expect(attached(url)).toEqual([])
})

test('each is named once, and there are at most ten', () => {
  const link = (at: number) => `[a](https://github.com/user-attachments/files/${at}/a)`
  expect(expectedIn(`${link(1)} ${link(1)}`, github)).toHaveLength(1)
  expect(expectedIn(Array.from({ length: 20 }, (_, at) => link(at)).join(' '), github)).toHaveLength(10)
})
