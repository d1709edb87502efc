import { describe, expect, it } from '@jest/globals'
import { majorVersion } from './java.ts'

describe('majorVersion', () => {
  it.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['openjdk version "21" 2023-09-19', 21],
    ['java version "1.8.0_442"', 8],
    ['Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "25-ea" 2025-09-16', 25],
  ])('reads %j', (output, major) => {
    expect(majorVersion(output)).toBe(major)
  })

  it('says so when there is no version to read', () => {
    expect(majorVersion('Error: could not find libjava.so')).toBeUndefined()
  })
})
