import { describe, expect, it } from '@jest/globals'
import { diagnose } from './diagnose.ts'
import { evidenceOf, pod, unscheduled, type Case } from './evidence.fixture.ts'

const unscheduledPods: readonly Case[] = [
  [
    'no room for memory',
    unscheduled(
      '0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 Insufficient memory. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.',
    ),
    'unschedulable',
    `${pod}: no node has room for it: there is not enough memory, and it does not tolerate the taint node-role.kubernetes.io/control-plane: "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 Insufficient memory. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod."`,
  ],
  [
    'no room for cpu',
    unscheduled('0/1 nodes are available: 1 Insufficient cpu.'),
    'unschedulable',
    `${pod}: no node has room for it: there is not enough cpu: "0/1 nodes are available: 1 Insufficient cpu."`,
  ],
  [
    'a selector',
    unscheduled("0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."),
    'unschedulable',
    `${pod}: no node has room for it: no node matches its selector or affinity: "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."`,
  ],
  [
    'a volume',
    unscheduled('0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.'),
    'unschedulable',
    `${pod}: no node has room for it: its volume is not available: "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."`,
  ],
]

describe('a pod that no node takes', () => {
  it.each(unscheduledPods)('%s', (_, shape, kind, sentence) => {
    const found = diagnose(evidenceOf(shape))
    expect({ kind: found.kind, sentence: found.sentence }).toEqual({ kind, sentence })
  })
})
