import { join } from 'node:path'
import { openComment, openRelease } from '../../../../../runner/adapters/github/github.ts'
import { parseMarker } from '../../../../../runner/report/github/marker.ts'
import { repo } from '../desk.ts'
import { bot, type Kind, type Kinds, own, type Stage, to } from './stage.ts'

/** Comments and releases. */
export const ofWords: Kinds = {
  'the list of comments': commenting(to('GET', '/comments'), [1]),
  'the create of a comment': commenting(to('POST', '/comments'), [1]),
  // One that is gone is made anew.
  'the update of a comment': (stage) => ({ ...commenting(to('PATCH', '/{comment_id}'), [1, 2])(stage), takes: ['404'] }),
  'the look for the release': (stage) => ({ ...releasing(to('GET', '/releases/tags/{tag}'))(stage), takes: ['404'] }),
  'the update of release notes': releasing(to('PATCH', '/releases/{release_id}', ({ body }) => body !== 'new')),
  'the list of assets': releasing(to('GET', '/assets')),
  'the upload of the report': releasing(to('POST', '/assets')),
  'the comment on a commit': releasing(to('POST', '/commits/{commit_sha}/comments')),
}

/** One workflow run after the other has something to say. */
function commenting(fits: Kind['fits'], runs: readonly number[]): (stage: Stage) => Kind {
  return (stage) => ({
    fits,
    async act(key, said) {
      for (const run of runs) {
        const given = { ...stage.given(said), pull: stage.pull.number, key, order: [run, 1], mode: 'always' } as const
        const publisher = openComment({ ...given, author: async () => bot })
        await publisher.publish({ ...stage.few.report, warnings: [`look ${run}`] })
      }
    },
    shown: async (key) =>
      (await stage.comments(repo, stage.pull.number)).flatMap(({ body }) => {
        const marker = parseMarker(String(body))
        return marker?.key === key ? [marker.order[0]] : []
      }),
    expected: runs.slice(-1),
  })
}

function releasing(fits: Kind['fits']): (stage: Stage) => Kind {
  return (stage) => ({
    fits,
    async act(key, said) {
      await stage.keeper.updateRelease({ ...own, release_id: stage.release, body: 'new' })
      const release = { tag: 'v1.0.0', sha: stage.main, onFailure: 'comment', key, order: [1, 1] } as const
      const publisher = openRelease({
        ...stage.given(said),
        ...release,
        reportFile: join(stage.folder, 'report.html'),
        author: async () => bot,
      })
      await publisher.publish(stage.few.report)
    },
    async shown(key) {
      const { body, assets } = (await stage.keeper.getRelease({ ...own, release_id: stage.release })).data
      const comments = (await stage.keeper.listCommentsForCommit({ ...own, commit_sha: stage.main, per_page: 100 })).data
      return {
        blocks: (body?.split(`<!-- proctor:begin key=${key} -->`).length ?? 0) - 1,
        assets: assets.filter((asset) => asset.name === `${key}-report.html`).map(({ size }) => size),
        comments: comments.filter((one) => parseMarker(one.body)?.key === `${key} release v1.0.0`).length,
      }
    },
    expected: { blocks: 1, assets: [13], comments: 1 },
  })
}
