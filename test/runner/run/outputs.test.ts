import { pack } from 'tar-stream'
import { expect, it } from 'vitest'
import { Redactor } from '../../../runner/lib/redact.ts'
import { outputLimits, takeOutputs } from '../../../runner/run/outputs.ts'
import type { Sandbox } from '../../../runner/seams/sandbox.ts'
import { memoryBlobs } from '../../fakes/blobs.ts'

type Tar = ReturnType<typeof pack>

async function taken(fill: ((tar: Tar) => void) | undefined) {
  const blobs = memoryBlobs()
  const redactor = new Redactor()
  redactor.register('hunter22')
  const take = async () => {
    if (!fill) return undefined
    const tar = pack()
    tar.entry({ name: 'outputs/', type: 'directory' })
    fill(tar)
    tar.finalize()
    // streamx is async iterable; its types don't say so.
    return ReadableStream.from(tar as unknown as AsyncIterable<Uint8Array>)
  }
  // Only `take` is called.
  const { files, warnings } = await takeOutputs({ take } as unknown as Sandbox, { blobs, redactor })
  return { warnings, files: files.map((file) => [file.name, blobs.bytes(file).toString()]) }
}

it('takes plain files, and nothing when there is no folder', async () => {
  const { files, warnings } = await taken((tar) => {
    tar.entry({ name: 'outputs/report.md' }, '# done')
    tar.entry({ name: 'outputs/sub/data.bin' }, Buffer.from([0, 1, 2]))
  })
  expect(files).toEqual([
    ['report.md', '# done'],
    ['sub/data.bin', '\0\x01\x02'],
  ])
  expect(warnings).toEqual([])
  expect(await taken(undefined)).toEqual({ files: [], warnings: [] })
})

it('leaves out links, devices and names that lead outside, and says so', async () => {
  const { files, warnings } = await taken((tar) => {
    tar.entry({ name: 'outputs/link', type: 'symlink', linkname: '/etc/passwd' })
    tar.entry({ name: 'outputs/pipe', type: 'fifo' })
    tar.entry({ name: 'outputs/../../evil' }, 'x')
  })
  expect(files).toEqual([])
  expect(warnings).toEqual([expect.stringContaining('link, pipe'), expect.stringContaining('evil')])
})

it('masks a secret in text and withholds a binary that holds one', async () => {
  const { files, warnings } = await taken((tar) => {
    tar.entry({ name: 'outputs/log.txt' }, 'key=hunter22')
    tar.entry({ name: 'outputs/core' }, Buffer.from('\xff\xfehunter22\0', 'latin1'))
  })
  expect(files).toEqual([['log.txt', 'key=***']])
  expect(warnings).toEqual([expect.stringMatching(/credential\): core/)])
})

it('is bounded in files and bytes', async () => {
  const many = await taken((tar) => {
    for (let at = 0; at < 300; at++) tar.entry({ name: `outputs/${at}` }, 'x')
  })
  expect(many.files.length).toBe(outputLimits.files)
  expect(many.warnings[0]).toMatch(/and 195 more$/)
  const large = await taken((tar) => {
    tar.entry({ name: 'outputs/large' }, Buffer.alloc(outputLimits.fileBytes + 1))
    for (let at = 0; at < 6; at++) tar.entry({ name: `outputs/${at}` }, Buffer.alloc(outputLimits.fileBytes))
  })
  expect(large.files.length).toBe(5)
  expect(large.warnings.length).toBe(2)
})
