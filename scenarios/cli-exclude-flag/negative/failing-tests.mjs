import { test as real } from 'node:test'

export const test = (name) =>
  real(name, () => {
    throw new Error('negative control')
  })
