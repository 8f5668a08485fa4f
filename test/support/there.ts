/** A value that has to be there, or the test fails here. */
export function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is not there')
  return value
}
