import { randomBytes } from 'node:crypto'
import * as core from '@actions/core'
import type { Logger } from '../ports.ts'
import { sanitiseBlock, sanitiseLine, visible } from '../report/sanitise.ts'

/**
 * The log of an action. Every line is redacted and holds no command, wherever its text came from; around `external` text
 * the runner's commands are switched off besides.
 */
export type ActionLog = Logger

type Redact = (text: string) => string

/** The log as GitHub's runner shows it: foldable groups; warnings and errors are annotations. */
export function runnerLog(redact: Redact, write: (text: string) => void): ActionLog {
  const safe = (message: string): string => sanitiseBlock(cleared(message, redact))
  return {
    debug: (message) => {
      core.debug(safe(message))
    },
    info: (message) => {
      core.info(safe(message))
    },
    warn: (message) => {
      core.warning(safe(message))
    },
    error: (message) => {
      core.error(safe(message))
    },
    group: (title, work) => core.group(sanitiseLine(cleared(title, redact)), work),
    external(text) {
      const token = randomBytes(32).toString('hex')
      write(`::stop-commands::${token}\n${safe(text)}\n::${token}::\n`)
    },
  }
}

/** The log in a terminal: plain lines. */
export function terminalLog(redact: Redact, write: (text: string) => void, showsDebug: boolean): ActionLog {
  const print = (prefix: string, message: string): void => {
    write(`${prefix}${sanitiseBlock(cleared(message, redact))}\n`)
  }
  return {
    debug: (message) => {
      if (showsDebug) print('debug: ', message)
    },
    info: (message) => {
      print('', message)
    },
    warn: (message) => {
      print('Warning: ', message)
    },
    error: (message) => {
      print('Error: ', message)
    },
    async group(title, work) {
      print('== ', title)
      return work()
    },
    external: (text) => {
      print('', text)
    },
  }
}

/** Redacts twice: a secret may hold invisible characters, and invisible characters may hide a secret. */
function cleared(text: string, redact: Redact): string {
  return redact(visible(redact(text)))
}
