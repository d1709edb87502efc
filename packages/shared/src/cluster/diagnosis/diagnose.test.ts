import { describe, expect, it } from '@jest/globals'
import type { HardSignal } from '../hard-signal.ts'
import { diagnose } from './diagnose.ts'
import { crashed, eventOf, evidenceOf, image, refused, running, waiting } from './evidence.fixture.ts'

describe('diagnose', () => {
  it('says how far it came where nothing tells why', () => {
    const reason =
      'The rollout did not finish within 600 s: Waiting for deployment "download-worker" rollout to finish: 1 old replicas are pending termination...'
    const { kind, sentence } = diagnose(evidenceOf({ status: { ready: true, ...running }, reason }))
    expect({ kind, sentence }).toEqual({
      kind: 'stuck',
      sentence:
        'The rollout did not finish within 600 s: Waiting for deployment "download-worker" rollout to finish: 1 old replicas are pending termination; neither its pods nor their events say why.',
    })
  })

  it('asks first about what ended the rollout', () => {
    const { conditions = [] } = refused('exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1')
    const shape = { ...waiting('ErrImagePull', 'not found'), conditions }
    const now = new Date()
    const message = 'violates PodSecurity "restricted:latest"'
    const signal: HardSignal = { kind: 'replica-failure', message, since: now, terminalAt: now }
    expect(diagnose(evidenceOf(shape)).kind).toBe('image-not-found')
    expect(diagnose(evidenceOf({ ...shape, signals: [signal] })).kind).toBe('pods-refused')
  })

  it('names how many pods show the same', () => {
    const evidence = evidenceOf(waiting('InvalidImageName', 'bad'))
    const [first] = evidence.pods
    const second = { ...first!, pod: { ...first!.pod, metadata: { ...first!.pod.metadata, name: 'b' } } }
    expect(diagnose({ ...evidence, pods: [first!, second] }).sentence).toBe(
      '2 pods, download-worker-new-a first: its image reference is not valid on the node: bad.',
    )
  })
})

describe('the runbook’s advice', () => {
  it('has the runbook’s words with the real names, and marks the cause that was found', () => {
    const { advice, section } = diagnose(
      evidenceOf({ status: crashed(1), logs: [{ text: 'X_URL is not set' }] }),
    )
    expect(section).toEqual({
      title: 'Pods Crashing (CrashLoopBackOff)',
      anchor: 'pods-crashing-crashloopbackoff',
    })
    expect(advice.join('\n')).toBe(`# Check pod logs for startup errors
kubectl logs -n kafka-pipeline download-worker-new-a

# Common issues:
# - Missing environment variables  ← this one
# - Database connection failures
# - Configuration errors
# - Out of memory

# Check resource limits
kubectl describe pod download-worker-new-a -n kafka-pipeline | grep -A 5 "Limits"`)
  })

  it('names the image and the pull secret', () => {
    const spec = {
      containers: [{ name: 'download-worker', image }],
      imagePullSecrets: [{ name: 'regcred-eu' }],
    }
    const { advice, section } = diagnose(evidenceOf({ ...waiting('ErrImagePull', 'not found'), spec }))
    expect(section.anchor).toBe('pods-not-starting-imagepullbackoff')
    expect(advice).toContain(`docker pull ${image}`)
    expect(advice).toContain('kubectl get secrets -n kafka-pipeline | grep regcred-eu')
  })

  it('goes back to a named revision: a bare undo would go forward after a rollback', () => {
    const evidence = evidenceOf({ reason: 'stuck' })
    const { advice, section } = diagnose(evidence)
    expect(section.anchor).toBe('rollout-stuck-progressing-deadline-exceeded')
    expect(advice.at(-1)).toBe(
      'kubectl rollout undo deployment/download-worker --to-revision=1 -n kafka-pipeline',
    )
    expect(diagnose({ ...evidence, before: undefined }).advice.join('\n')).not.toContain('rollout undo')
  })

  it('can be pasted whatever an image is called', () => {
    const spec = { containers: [{ name: 'download-worker', image: "a$(reboot)'b" }] }
    const { advice } = diagnose(evidenceOf({ ...waiting('InvalidImageName', 'bad'), spec }))
    expect(advice).toContain(`docker pull 'a$(reboot)'\\''b'`)
  })
})

describe('the evidence', () => {
  it('begins with Kubernetes’ words and ends with the logs; what was not read is named', () => {
    const evidence = evidenceOf({
      status: crashed(1),
      events: [eventOf('BackOff', 'Back-off restarting failed container', { count: 3 })],
      logs: [{ text: 'one' }, { text: 'one', previous: true }],
    })
    expect(
      diagnose({ ...evidence, missing: ['not read: events of Deployment x: no answer within 10 s'] })
        .evidence,
    ).toEqual([
      'download-worker-new-a/download-worker: waiting (CrashLoopBackOff), last exit code 1 (Error), 2 restarts',
      'download-worker-new-a: BackOff (3 times): Back-off restarting failed container',
      'not read: events of Deployment x: no answer within 10 s',
      'download-worker-new-a/download-worker | one',
    ])
  })

  it('is bounded, and says what it leaves out', () => {
    const text = Array.from({ length: 500 }, (_, index) => `${index} ${'x'.repeat(1_000)}`).join('\n')
    const events = Array.from({ length: 500 }, (_, index) =>
      eventOf('Unhealthy', `${index} ${'y'.repeat(5_000)}`),
    )
    const pods = Array.from({ length: 5 }, () => evidenceOf({ events, logs: [{ text }] }).pods[0]!)
    const { evidence } = diagnose({ ...evidenceOf({}), pods })
    expect(evidence.join('').length).toBeLessThan(13_000)
    expect(evidence.at(-1)).toMatch(/^… \d+ more lines left out$/)
  })
})
