declare const of: unique symbol
/** A document as text, on its way into a `json` column. */
export type JsonText<T> = string & { readonly [of]: T }

/**
 * Columns of documents are `json`, not `jsonb`: whatever an agent or a stranger wrote can be stored, U+0000 and lone surrogates included,
 * and comes back as it was.
 */
export const json = <T>(value: T): JsonText<T> => JSON.stringify(value) as JsonText<T>
