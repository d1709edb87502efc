import { describe, expect, it } from '@jest/globals'
import { crashCause } from './crash-cause.ts'

describe('a missing environment variable', () => {
  it.each([
    ['missing environment variable ONELAKE_URL', 'ONELAKE_URL'],
    ['Error: Missing required environment variable: KAFKA_BROKERS', 'KAFKA_BROKERS'],
    ['FATAL required env var DATABASE_URL not found', 'DATABASE_URL'],
    ['panic: env: required environment variable "S3_BUCKET" is not set', 'S3_BUCKET'],
    ['Environment variable `API_KEY` must be set', 'API_KEY'],
    ['ONELAKE_URL is not set', 'ONELAKE_URL'],
    ['ValueError: ONELAKE_URL was not defined', 'ONELAKE_URL'],
    ['/start.sh: line 3: KAFKA_BROKERS: unbound variable', 'KAFKA_BROKERS'],
    ['sh: 1: TOKEN_FILE: parameter not set', 'TOKEN_FILE'],
    ['error: env variable $REDIS_HOST is required', 'REDIS_HOST'],
  ])('%s', (line, variable) => {
    expect(crashCause(['INFO starts', line])).toEqual({
      kind: 'missing-environment-variable',
      line,
      variable,
    })
  })

  it('is known from a Python trace through os.environ', () => {
    const trace = [
      'Traceback (most recent call last):',
      '  File "/app/main.py", line 3, in <module>',
      '    url = os.environ["ONELAKE_URL"]',
      '  File "<frozen os>", line 717, in __getitem__',
      "KeyError: 'ONELAKE_URL'",
    ]
    expect(crashCause(trace)).toMatchObject({ variable: 'ONELAKE_URL', line: "KeyError: 'ONELAKE_URL'" })
  })

  it('is not guessed from a KeyError of anything else', () => {
    expect(crashCause(['Traceback (most recent call last):', "KeyError: 'SIZE'"])).toBeUndefined()
  })

  it('is surer than what follows from it', () => {
    const lines = ['DATABASE_URL is not set', 'could not connect to the database']
    expect(crashCause(lines)?.kind).toBe('missing-environment-variable')
  })
})

describe('a database that cannot be reached', () => {
  it.each([
    'psycopg2.OperationalError: could not connect to server: Connection refused',
    'connection to server at "db" (10.0.0.5), port 5432 failed: FATAL:  password authentication failed for user "app"',
    'FATAL:  database "pipeline" does not exist',
    'FATAL: sorry, too many clients already',
    'Error: connect ECONNREFUSED 10.0.0.5:5432',
    'dial tcp 10.0.0.5:3306: connect: connection refused',
    'com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure',
    "ERROR 1045 (28000): Access denied for user 'app'@'10.0.0.9'",
    'SQLSTATE[08006] [7] timeout expired',
    'MongoServerSelectionError: connection timed out',
    'failed to connect to database: context deadline exceeded',
  ])('%s', (line) => {
    expect(crashCause([line])).toEqual({ kind: 'database-connection', line })
  })
})

describe('a configuration error', () => {
  it.each([
    'Error: invalid configuration: retry.delay',
    'Config error: unknown key "retires"',
    'failed to load config: yaml: line 4: did not find expected key',
    'pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings',
    'configuration file /etc/app.yaml not found',
    'org.apache.kafka.common.config.ConfigException: Missing required configuration "bootstrap.servers"',
    'unsupported value for option --mode',
  ])('%s', (line) => {
    expect(crashCause([line])).toEqual({ kind: 'configuration-error', line })
  })
})

describe('a lack of memory that the program notices', () => {
  it.each([
    'java.lang.OutOfMemoryError: Java heap space',
    'MemoryError',
    'fatal error: runtime: out of memory',
    "terminate called after throwing an instance of 'std::bad_alloc'",
  ])('%s', (line) => {
    expect(crashCause([line])).toEqual({ kind: 'out-of-memory', line })
  })
})

describe('nothing that the runbook lists', () => {
  it.each([
    'INFO started',
    'KafkaJSConnectionError: Connection timeout',
    'Error: connect ECONNREFUSED 10.0.0.5:9092',
    'TypeError: undefined is not a function',
    'Segmentation fault',
    'INFO config loaded',
    'HTTP 500 was returned',
  ])('%s', (line) => {
    expect(crashCause([line])).toBeUndefined()
  })
})
