import type { Artifacts } from '../../../support/github/artifacts.ts'

/** Uploads an artifact as a job of a workflow run does it; gives its id. */
export const uploader =
  (artifacts: Artifacts) =>
  async (runId: number, name: string, content = 'records'): Promise<number> => {
    const job = { workflow_run_backend_id: `run-${runId}-1`, workflow_job_run_backend_id: 'proctor', name }
    const service = async (method: string, more: object) => {
      const url = `${artifacts.url}/twirp/github.actions.results.api.v1.ArtifactService/${method}`
      const headers = { authorization: `Bearer ${artifacts.runtimeToken(runId, 'proctor')}` }
      const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ ...job, ...more }) })
      return (await answer.json()) as { signed_upload_url?: string; artifact_id?: string }
    }
    const { signed_upload_url: address = '' } = await service('CreateArtifact', {})
    await fetch(address, { method: 'PUT', body: content })
    return Number((await service('FinalizeArtifact', { size: content.length })).artifact_id)
  }
