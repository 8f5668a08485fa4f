/** A content address. Two machines that hold the same bytes name them alike. */
export type Digest = `sha256:${string}`

/** Bytes that live in blobs, named by digest; `name` is what a person would call them. */
export type BlobRef = { readonly digest: Digest; readonly bytes: number; readonly name: string }

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A line that a person wrote, 1-based; annotations and parse errors point at it. */
export type Place = { readonly file: string; readonly line: number; readonly column?: number }
