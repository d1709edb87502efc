import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { diagnosisKinds } from '../packages/shared/src/record/diagnosis.ts'

const reference = readFileSync(join(import.meta.dirname, '../docs/diagnosis.md'), 'utf8')

describe('docs/diagnosis.md', () => {
  it('has every kind of diagnosis in its table, and no other', () => {
    const cells = reference.split('\n').flatMap((line) => /^\| (`[^|]+) \|/.exec(line)?.[1] ?? [])
    const named = cells.flatMap((cell) => [...cell.matchAll(/`([\w-]+)`/g)].map(([, kind]) => kind))
    expect(named.toSorted()).toEqual([...diagnosisKinds].toSorted())
  })
})
