/** One field that a write changes. */
export interface FieldChange {
  /** `spec.template.spec.containers[worker].image`; items of a list by their name where they have one. */
  readonly field: string
  /** As short JSON; absent where the field was not there. */
  readonly before?: string
  /** Absent where the field goes. */
  readonly after?: string
}

/** What the server keeps for itself: it changes with every write. */
const serversOwn = new Set([
  'status',
  'metadata.managedFields',
  'metadata.resourceVersion',
  'metadata.generation',
  'metadata.uid',
  'metadata.creationTimestamp',
  'metadata.annotations.kubectl.kubernetes.io/last-applied-configuration',
])

/** What an object is does not change, and items of a list do not say it. */
const identity = new Set(['kind', 'apiVersion'])

/** Names that people give to what must not be read by others. */
const secretName =
  /passw|passphrase|pwd|secret|token|credential|private.?key|api.?key|access.?key|account.?key|jaas|sasl|dsn/i
/** Longer values are cut: the diff is for reading. */
const longestValue = 160

/**
 * The fields in which two states of an object differ, in the order of the object; the order of items that have names
 * is not told. Values that stand under a name such
 * as `DB_PASSWORD` are masked: that they change is shown, not what they are.
 *
 * @param before undefined where the object does not exist yet
 */
export function changedFields(before: object | undefined, after: object): FieldChange[] {
  const fields = differences(before, after, { field: '', isSecret: false })
  return before === undefined ? fields : fields.filter(({ field }) => !identity.has(field))
}

/** `field: before → after`, one line per field. */
export function describeChange({ field, before, after }: FieldChange): string {
  return `${field}: ${before ?? '(not there)'} → ${after ?? '(removed)'}`
}

interface Place {
  readonly field: string
  /** Below a name that says so. */
  readonly isSecret: boolean
}

function differences(before: unknown, after: unknown, place: Place): FieldChange[] {
  if (serversOwn.has(place.field) || isEqual(before, after)) return []
  const [old, now] = [entriesOf(before), entriesOf(after)]
  // Something of another shape, or nothing, is replaced as a whole; an object that is new is told field by field.
  const isBranch =
    (before === undefined || old !== undefined) &&
    (after === undefined || now !== undefined) &&
    (before === undefined || after === undefined || Array.isArray(before) === Array.isArray(after))
  if (!isBranch || (old?.size ?? 0) + (now?.size ?? 0) === 0) return [change(before, after, place)]
  const keys = new Set([...(now?.keys() ?? []), ...(old?.keys() ?? [])])
  return [...keys].flatMap((key) => differences(old?.get(key), now?.get(key), below(place, key)))
}

/** The parts of a map or a list; items of a list by their name, else by their number. */
function entriesOf(value: unknown): Map<string, unknown> | undefined {
  if (Array.isArray(value)) {
    const names = value.map(nameOfItem)
    const isNamed = names.every((name) => name !== undefined) && new Set(names).size === names.length
    return new Map(value.map((item, index) => [`[${(isNamed ? names[index] : undefined) ?? index}]`, item]))
  }
  return isMap(value) ? new Map(Object.entries(value)) : undefined
}

function nameOfItem(item: unknown): string | undefined {
  return isMap(item) && typeof item.name === 'string' ? item.name : undefined
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Only names that users give are judged: of Kubernetes' own fields `secretKeyRef` holds a name, not a secret. */
function below({ field, isSecret }: Place, key: string): Place {
  const isItem = key.startsWith('[')
  const isGiven = isItem || /(?:^|\.)(?:data|stringData|binaryData|annotations|labels)$/.test(field)
  return {
    field: isItem || field === '' ? `${field}${key}` : `${field}.${key}`,
    isSecret: (isSecret && !key.endsWith('Ref') && key !== 'valueFrom') || (isGiven && secretName.test(key)),
  }
}

function change(before: unknown, after: unknown, { field, isSecret }: Place): FieldChange {
  const shown = (value: unknown): string => (isSecret ? '***' : short(JSON.stringify(value)))
  return {
    field,
    ...(before !== undefined && { before: shown(before) }),
    ...(after !== undefined && { after: shown(after) }),
  }
}

function short(text: string): string {
  return text.length <= longestValue ? text : `${text.slice(0, longestValue)}…`
}

function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  const [left, right] = [entriesOf(a), entriesOf(b)]
  if (left === undefined || right === undefined || Array.isArray(a) !== Array.isArray(b)) return false
  return (
    left.size === right.size &&
    [...left].every(([key, value]) => right.has(key) && isEqual(value, right.get(key)))
  )
}
