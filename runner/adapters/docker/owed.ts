/**
 * Containers of this process, by id or name, that an engine would not remove when their time had come. Their owner lives, so nobody takes
 * them for leftovers: the next reaping removes them by this list.
 */
const owed = new Set<string>()

export const owe = (idOrName: string): void => void owed.add(idOrName)
export const isOwed = ({ id, name }: { readonly id: string; readonly name: string }): boolean => owed.has(id) || owed.has(name)
export const settled = ({ id, name }: { readonly id: string; readonly name: string }): void => {
  owed.delete(id)
  owed.delete(name)
}
