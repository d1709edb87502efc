import { describe, expect, it } from '@jest/globals'
import { parse, parseAllDocuments } from 'yaml'
import { prometheusAccess } from './access.ts'
import { prometheusConfiguration } from './configuration.ts'

describe('prometheusConfiguration', () => {
  it('scrapes at the interval that was asked for, in the namespaces that were named', () => {
    const text = prometheusConfiguration({
      kubeconfigFile: '/run/kubeconfig',
      namespaces: ['staging', 'production'],
      scrapeInterval: '2s',
      rulesFile: '/rules.yaml',
      alertmanager: '127.0.0.1:9093',
    })
    expect(parse(text)).toMatchObject({
      global: { scrape_interval: '2s', evaluation_interval: '2s' },
      rule_files: ['/rules.yaml'],
      scrape_configs: [
        {
          kubernetes_sd_configs: [
            {
              role: 'pod',
              kubeconfig_file: '/run/kubeconfig',
              namespaces: { names: ['staging', 'production'] },
            },
          ],
        },
      ],
    })
  })
})

describe('prometheusAccess', () => {
  it('lets one account read the pods of every namespace, and nothing else', () => {
    const account = { name: 'prometheus', namespace: 'production' }
    const objects = parseAllDocuments(prometheusAccess(account, ['staging', 'production'])).map(
      (document) =>
        document.toJS() as { kind: string; metadata: object; rules?: object[]; subjects?: object[] },
    )
    expect(objects.map(({ kind }) => kind)).toEqual([
      'ServiceAccount',
      ...['Role', 'RoleBinding'],
      ...['Role', 'RoleBinding'],
    ])
    for (const { rules } of objects.filter(({ kind }) => kind === 'Role'))
      expect(rules).toEqual([{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }])
    for (const { subjects } of objects.filter(({ kind }) => kind === 'RoleBinding'))
      expect(subjects).toEqual([{ kind: 'ServiceAccount', ...account }])
  })
})
