import type { Desk } from './desk.ts'

/** What may be asked of a desk through a socket, by name. */
export const questions = [
  'register',
  'claim',
  'beat',
  'about',
  'planned',
  'refused',
  'keep',
  'results',
  'find',
  'earlier',
  'credentials',
  'takeBuild',
  'endBuild',
  'finish',
  'fail',
] as const
export type Question = (typeof questions)[number]
export const isQuestion = (name: string): name is Question => questions.some((known) => known === name)
/** Largest question and answer: a result with its scores, all results of an evaluation. */
export const mostBytes = { question: 64 * 2 ** 20, answer: 512 * 2 ** 20 }
export type Asked = { readonly [Q in Question]: Parameters<Desk[Q]> }
