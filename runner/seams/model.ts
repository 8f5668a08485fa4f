import type { Json } from '../domain/blob.ts'
import type { Usage } from '../domain/record.ts'

/** A chat model behind an OpenAI-compatible endpoint. Throws `judge_failed` when it gives no usable answer after its retries. */
export interface Model {
  complete(request: ModelRequest, signal: AbortSignal): Promise<{ readonly content: Json; readonly usage: Usage }>
  /** Says in one line where `model` would be asked, or throws `agent_model_unresolved`. Sends nothing. */
  describe(model: string): string
}
/** `model` = provider/model. `schema` = JSON Schema that the answer must follow. */
export type ModelRequest = {
  readonly model: string
  readonly messages: readonly { readonly role: 'system' | 'user'; readonly content: string }[]
  readonly schema: Readonly<Record<string, Json>>
  readonly name: string
  /** The run that this is about: its budget pays, and recorded answers are looked up under it. */
  readonly run: string
}
