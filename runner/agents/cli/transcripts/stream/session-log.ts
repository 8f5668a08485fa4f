import { decode } from '../../../../lib/clip.ts'
import type { SessionFile } from '../../cli.ts'
import { type Fields, isFields, parseFields } from './fields.ts'

/** Bytes of a log that are read. */
const maxLog = 64 * 1024 * 1024

/** The objects of a log that has one a line; what is none is left out. */
export const eventsOf = ({ bytes }: SessionFile): readonly Fields[] =>
  decode(bytes.subarray(0, maxLog)).split('\n').map(parseFields).filter(isFields)
