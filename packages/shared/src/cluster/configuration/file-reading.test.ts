import { describe, expect, it } from '@jest/globals'
import { textDigest } from './content-digest.ts'
import { fileReading, wrongFile, type FileReading } from './file-reading.ts'

const end = (exitCode: number | undefined, stdout = '', stderr = '', problem = '') =>
  fileReading({ exitCode, stdout, stderr, problem })

describe('fileReading', () => {
  it.each([
    ['cat: /s/OLD: No such file or directory'],
    ["cat: can't open '/s/OLD': No such file or directory"],
    ['cat: /s/OLD: Is a directory'],
    ['cat: read error: Is a directory'],
    ['cat: /s/OLD: Not a directory'],
  ])('takes "%s" for no file', (stderr) => {
    expect(end(1, '', stderr)).toEqual({ is: 'absent' })
  })

  it('keeps the digest of what a file says, and nothing of it', () => {
    expect(end(0, 'password=x\n')).toEqual({ is: 'file', digest: textDigest('password=x\n') })
    expect(end(0)).toEqual({ is: 'file', digest: textDigest('') })
  })

  it.each([
    ['a program that is not there', undefined, '', 'exec: "cat": executable file not found in $PATH'],
    ['one that is not there, by its number', 127, '', 'command terminated with exit code 127'],
    [
      'a file that may not be read',
      1,
      'cat: /s/OLD: Permission denied',
      'command terminated with exit code 1',
    ],
    [
      'a runtime that tells of a missing program in the words of a missing file',
      1,
      'executable file `cat` not found in $PATH: No such file or directory',
      '',
    ],
    ['a container without a folder of the name of the file', 126, 'no such file: cat', ''],
  ])('does not guess by %s', (_, exitCode, stderr, problem) => {
    expect(end(exitCode, '', stderr, problem)).toEqual({
      is: 'unreadable',
      why: `it cannot be read by "cat": ${stderr || problem}`,
    })
  })
})

describe('wrongFile', () => {
  const digest = textDigest('a: 1')
  const here = (text: string): FileReading => ({ is: 'file', digest: textDigest(text) })
  const absent: FileReading = { is: 'absent' }
  const unreadable: FileReading = { is: 'unreadable', why: 'no cat' }
  it.each<[string, string | undefined, string | undefined, FileReading, string | undefined, string]>([
    ['as it shall be', digest, undefined, here('a: 1'), undefined, ''],
    ['gone with its key', undefined, undefined, absent, undefined, ''],
    ['of another content', digest, undefined, here('a: 2'), 'fail', 'says something else'],
    ['missing', digest, undefined, absent, 'fail', 'is missing'],
    ['missing, whatever else there is', digest, 'Secret login', absent, 'fail', 'is missing'],
    ['still there', undefined, undefined, here('x'), 'fail', 'is still there'],
    [
      'still there, perhaps of another',
      undefined,
      'Secret login',
      here('x'),
      'inconclusive',
      'is still there, perhaps from Secret login',
    ],
    [
      'perhaps of another',
      digest,
      'Secret login',
      here('x'),
      'inconclusive',
      'says something else, perhaps from Secret login',
    ],
    ['not to be read', digest, undefined, unreadable, 'inconclusive', 'is not known: no cat'],
    ['not to be read, and removed', undefined, undefined, unreadable, 'inconclusive', 'is not known: no cat'],
  ])('%s', (_, wanted, mayBeFrom, found, verdict, how) => {
    const file = { path: '/s/k', key: 'k', digest: wanted, ...(mayBeFrom !== undefined && { mayBeFrom }) }
    const isUnread = found.is === 'unreadable' && { isUnread: true }
    const finding = { name: '/s/k', how, verdict, ...isUnread }
    expect(wrongFile(file, found)).toEqual(verdict === undefined ? undefined : finding)
  })
})
