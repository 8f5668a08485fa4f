import type { Annotation } from '../../../report/github/annotations.ts'

/** GitHub takes so many with one request, and adds those of the next to them. */
const perRequest = 50
/** Over all check runs of a plan: nobody reads more, and each fifty cost a request. */
const mostOfAll = 500

/** How many one of `among` check runs may have. What its first request takes is free. */
export const mostAmong = (among: number): number => Math.max(perRequest, Math.floor(mostOfAll / Math.max(1, among)))

/** In requests' worth. */
export const annotationParts = (annotations: readonly Annotation[]): readonly (readonly Annotation[])[] =>
  Array.from({ length: Math.ceil(annotations.length / perRequest) }, (_, at) => annotations.slice(at * perRequest, (at + 1) * perRequest))
