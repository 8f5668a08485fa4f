import type { ColumnType } from 'kysely'
import type { JsonText } from './json.ts'

export type Document<T> = ColumnType<T, JsonText<T>, JsonText<T>>
export type Time = ColumnType<Date, Date, Date>
export type Now = ColumnType<Date, Date | undefined, Date>
export type Maybe<T> = ColumnType<T | null, T | null | undefined, T | null>
export type MaybeDocument<T> = ColumnType<T | null, JsonText<T> | null | undefined, JsonText<T> | null>
