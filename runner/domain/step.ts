import type { Json } from './blob.ts'

/** One line of trajectory.jsonl. Details are redacted and bounded; what was cut says `cut: true`. */
export type Step = { readonly at: string; readonly turn: string } & StepBody
export type StepBody =
  | { readonly kind: 'assistant'; readonly detail: { readonly text: string; readonly cut?: boolean } }
  | {
      readonly kind: 'shell'
      readonly detail: { readonly command: string; readonly output?: string; readonly exit_code?: number | null; readonly cut?: boolean }
    }
  | { readonly kind: 'edit'; readonly detail: { readonly path: string; readonly diff?: string; readonly cut?: boolean } }
  | { readonly kind: 'read' | 'search'; readonly detail: { readonly path?: string; readonly query?: string } }
  | { readonly kind: 'tool'; readonly detail: { readonly name: string; readonly arguments: Json; readonly result?: Json } }
  | {
      readonly kind: 'network'
      readonly detail: {
        readonly host: string
        readonly port?: number
        readonly method?: string
        readonly url?: string
        readonly status?: number
      }
    }
