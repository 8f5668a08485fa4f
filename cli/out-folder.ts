import { join } from 'node:path'

/** `.proctor/2026-11-21-081500`, in local time: a name that sorts, that a person can say, and that no second run of this second shares by habit. */
export function newOutFolder(now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
  return join('.proctor', `${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`)
}
