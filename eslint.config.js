import { readdirSync } from 'node:fs'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'
import importX from 'eslint-plugin-import-x'
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript'

const shared = './packages/shared/src'

/**
 * Who may import whom inside packages/shared/src: a folder may import itself, the folders listed, and the two files
 * at the root (errors.ts, ports.ts). Data flows from left to right: what decides knows nothing of what measures.
 */
const layers = {
  runbook: [],
  decide: ['runbook'],
  record: ['decide', 'runbook'],
  calendar: ['runbook'],
  cluster: ['record', 'decide', 'runbook'],
  metrics: ['cluster', 'record', 'decide', 'runbook'],
  kafka: ['cluster', 'metrics', 'record', 'decide', 'runbook'],
  github: ['record', 'decide', 'runbook'],
  registry: ['cluster', 'record', 'decide', 'runbook'],
  gates: ['cluster', 'registry', 'kafka', 'metrics', 'github', 'record', 'decide', 'runbook'],
  report: ['gates', 'record', 'decide', 'runbook'],
  action: [
    'report',
    'gates',
    'cluster',
    'registry',
    'kafka',
    'metrics',
    'github',
    'record',
    'decide',
    'runbook',
  ],
}
const actions = readdirSync('./actions', { withFileTypes: true }).filter((entry) => entry.isDirectory())

const zones = [
  ...Object.entries(layers).map(([folder, allowed]) => ({
    target: `${shared}/${folder}`,
    from: shared,
    except: [folder, ...allowed, 'errors.ts', 'ports.ts'].map((name) => `./${name}`),
    message: `${folder}/ may import only ${[folder, ...allowed].join(', ')}, errors.ts and ports.ts.`,
  })),
  { target: shared, from: './actions', message: 'The shared package never imports an action.' },
  { target: [shared, './actions'], from: './rehearsal', message: 'The product never imports the rehearsal.' },
  ...actions.map(({ name }) => ({
    target: `./actions/${name}`,
    from: './actions',
    except: [`./${name}`],
    message: 'An action never imports another action: move what they share to packages/shared.',
  })),
]

/** Later blocks replace earlier ones for the same file, so each names all that is forbidden there. */
const noRunner = [{ name: '@actions/core', message: 'Only action/ speaks to the runner.' }]
const noInputOutput = {
  group: [
    'node:fs*',
    'node:net',
    'node:tls',
    'node:http*',
    'node:child_process',
    '@actions/*',
    '@kubernetes/*',
    'kafkajs',
    'undici',
  ],
  message: 'decide/ and runbook/ do no input or output.',
}

export default defineConfig(
  { ignores: ['**/dist/**', '**/.pre/**', '**/*.js', '**/*.mjs', 'rehearsal/cluster/**'] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    settings: {
      // Without these two, no-cycle silently finds nothing.
      'import-x/extensions': ['.ts'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/resolver-next': [createTypeScriptImportResolver({ project: './tsconfig.json' })],
    },
    rules: {
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true, varsIgnorePattern: '^_$' }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
    },
  },
  {
    files: ['packages/shared/src/**/*.ts', 'actions/*/src/*.ts'],
    ignores: ['packages/shared/src/action/**', 'actions/*/src/{index,main}.ts', '**/*.test.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only action/ reads the environment.' },
      ],
      '@typescript-eslint/no-restricted-imports': ['error', { paths: noRunner }],
    },
  },
  {
    files: ['packages/shared/src/{decide,runbook}/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', { paths: noRunner, patterns: [noInputOutput] }],
    },
  },
  {
    files: ['**/*.test.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
)
