import { describe, expect, it } from '@jest/globals'
import { diagnose } from './diagnose.ts'
import { crashed, evidenceOf, image, pod, running, type Case } from './evidence.fixture.ts'

const crashes: readonly Case[] = [
  [
    'a missing variable',
    {
      status: crashed(1),
      logs: [{ text: 'INFO download-worker v1.1.0 starts\nmissing environment variable ONELAKE_URL' }],
    },
    'missing-environment-variable',
    `${pod}: its container crashes at every start: the environment variable ONELAKE_URL is missing (exit code 1, restarted 2 times); its log says: "missing environment variable ONELAKE_URL".`,
  ],
  [
    'only the run before says it',
    {
      status: { ...running, lastState: { terminated: { exitCode: 1, reason: 'Error' } }, restartCount: 3 },
      logs: [
        { text: 'INFO starts' },
        {
          text: 'sqlalchemy.exc.OperationalError: connection to server at "db" (10.0.0.5), port 5432 failed: Connection refused',
          previous: true,
        },
      ],
    },
    'database-connection',
    `${pod}: its container crashes at every start: it cannot connect to its database (exit code 1, restarted 3 times); its log says: "sqlalchemy.exc.OperationalError: connection to server at "db" (10.0.0.5), port 5432 failed: Connection refused".`,
  ],
  [
    'a configuration error',
    { status: crashed(2), logs: [{ text: 'FATAL invalid configuration: retry.delay must be a duration' }] },
    'configuration-error',
    `${pod}: its container crashes at every start: its configuration is wrong (exit code 2, restarted 2 times); its log says: "FATAL invalid configuration: retry.delay must be a duration".`,
  ],
  [
    'OOMKilled, with its limit',
    { status: crashed(137, 'OOMKilled', 4), memoryLimit: '256Mi', logs: [{ text: 'INFO loads the model' }] },
    'out-of-memory',
    `${pod}: its container crashes at every start: it runs out of memory, its limit is 256Mi (exit code 137, OOMKilled, restarted 4 times); its log says: "INFO loads the model".`,
  ],
  [
    '137 alone is a kill, not a lack of memory',
    { status: crashed(137), memoryLimit: '256Mi', logs: [{ text: 'INFO works' }] },
    'crash',
    `${pod}: its container crashes at every start: it does not say why in words we know (exit code 137, restarted 2 times); its log says: "INFO works".`,
  ],
  [
    'a heap that is full before the limit is',
    {
      status: crashed(134),
      logs: [{ text: 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory' }],
    },
    'out-of-memory',
    `${pod}: its container crashes at every start: it runs out of memory (exit code 134, restarted 2 times); its log says: "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory".`,
  ],
  [
    'something else: the line that looks like an error',
    { status: crashed(1), logs: [{ text: "Traceback (most recent call last):\nKeyError: 'size'\n  ~~~~~" }] },
    'crash',
    `${pod}: its container crashes at every start: it does not say why in words we know (exit code 1, restarted 2 times); its log says: "Traceback (most recent call last):".`,
  ],
  [
    'it ends, though with 0',
    { status: crashed(0, 'Completed', 5), logs: [{ text: 'done' }] },
    'crash',
    `${pod}: its container crashes at every start: it ends although it should keep running (exit code 0, Completed, restarted 5 times); its log says: "done".`,
  ],
  [
    'it cannot even start',
    {
      status: {
        state: {
          waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s restarting failed container' },
        },
        lastState: {
          terminated: {
            exitCode: 128,
            reason: 'StartError',
            message: 'failed to create containerd task: exec: "serve": executable file not found in $PATH',
          },
        },
        restartCount: 2,
      },
    },
    'crash',
    `${pod}: its container crashes at every start: it does not say why in words we know (exit code 128, StartError, restarted 2 times): failed to create containerd task: exec: "serve": executable file not found in $PATH.`,
  ],
  [
    'an init container',
    {
      podStatus: {
        initContainerStatuses: [
          {
            name: 'migrate',
            image,
            imageID: '',
            ready: false,
            restartCount: 3,
            state: { terminated: { exitCode: 1, reason: 'Error' } },
          },
        ],
        containerStatuses: [],
      },
      logs: [{ text: 'DATABASE_URL is not set', container: 'migrate' }],
    },
    'missing-environment-variable',
    `${pod}: its container crashes at every start: the environment variable DATABASE_URL is missing (exit code 1, restarted 3 times); its log says: "DATABASE_URL is not set".`,
  ],
]

describe('a crash', () => {
  it.each(crashes)('%s', (_, shape, kind, sentence) => {
    const found = diagnose(evidenceOf(shape))
    expect({ kind: found.kind, sentence: found.sentence }).toEqual({ kind, sentence })
  })
})
