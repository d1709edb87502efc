type Data = Readonly<Record<string, string>>

/** Whether two ConfigMaps say the same, whatever the order of their keys. */
export function isSameData(a: Data, b: Data): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...keys].every((key) => a[key] === b[key])
}
