import { changedKeys } from '../config-file.ts'
import type { KeyChange } from '../../record/configuration.ts'
import type { Data } from './content-digest.ts'

/** Where the wanted configuration comes from: a file says all of it, values that a person gives say the keys that change. */
export type ConfigurationSource = { readonly file: string; readonly data: Data } | { readonly values: Data }

/** What the ConfigMap shall say. */
export function wantedData(source: ConfigurationSource, running: Data): Data {
  return 'file' in source ? source.data : { ...running, ...source.values }
}

const words = { changed: 'changed', 'only in the file': 'added', 'only in the cluster': 'removed' } as const

/** The keys that get another value, are added or removed, in alphabetical order. */
export function keyChanges(running: Data, wanted: Data): KeyChange[] {
  return changedKeys(running, wanted).map(({ key, change }) => ({ key, change: words[change] }))
}
