import type { V1JobSpec } from '@kubernetes/client-node'
import type { JobRequest } from '../cluster/jobs/jobs.ts'
import type { Wire } from '../cluster/resources.ts'
import type { Kafka } from '../runbook/schema.ts'
import { requestVariable, writeRequest } from './reader-protocol.ts'

const file = 'lag-reader.cjs'
const folder = '/runbook'
/** Node's own user in its images; any that is not root does. */
const user = 1000
/** After its end, where nobody has deleted it. */
const keepSeconds = 300

/**
 * The Job that reads groups inside the cluster. Secrets go from the cluster into its pod and nowhere else; all that it
 * may do is run.
 *
 * @param program the reader as one file
 */
export function readerJob(kafka: Kafka, groups: readonly string[], program: string): JobRequest {
  const { image, serviceAccount, secrets, deadline, every, lifetime } = kafka.job
  const request = writeRequest({ kafka, groups, everyMs: every, forMs: lifetime })
  const spec = (configMap: string, labels: Readonly<Record<string, string>>): Wire<V1JobSpec> => ({
    backoffLimit: 0,
    activeDeadlineSeconds: Math.ceil((deadline + lifetime) / 1000),
    ttlSecondsAfterFinished: keepSeconds,
    template: {
      metadata: { labels: { ...labels } },
      spec: {
        restartPolicy: 'Never',
        serviceAccountName: serviceAccount,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        terminationGracePeriodSeconds: 2,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: user,
          runAsGroup: user,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        containers: [
          {
            name: 'lag-reader',
            image,
            command: ['node', `${folder}/${file}`],
            env: [
              { name: requestVariable, value: request },
              ...Object.entries(secrets).map(([name, secretKeyRef]) => ({
                name,
                valueFrom: { secretKeyRef },
              })),
            ],
            resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { cpu: '1', memory: '256Mi' } },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
            volumeMounts: [{ name: 'program', mountPath: folder, readOnly: true }],
          },
        ],
        volumes: [{ name: 'program', configMap: { name: configMap } }],
      },
    },
  })
  return { purpose: 'lag', spec, files: { [file]: program }, startWithinMs: deadline }
}
