import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isRunning, spawnBound, terminate, type BoundProcess } from '../toolchain/bound-process.ts'
import { buildGoProgram, type BuildOptions } from '../toolchain/go-program.ts'
import { runKubectl } from './cluster.ts'

const stages = join(import.meta.dirname, 'kwok-stages.yaml')
const label = 'type=kwok'
const taint = 'kwok.x-k8s.io/node'
const stopGraceMs = 5_000

/** Path of kwok, which plays the kubelet of nodes that do not exist. */
export function buildKwok(options: BuildOptions = {}): Promise<string> {
  return buildGoProgram(
    {
      name: 'kwok',
      title: 'the kubelet of fake nodes',
      module: 'sigs.k8s.io/kwok',
      version: 'v0.8.0',
      package: './cmd/kwok',
      takes: 'two minutes or so',
    },
    options,
  )
}

/** An administrator's way to a cluster. */
export interface ClusterAccess {
  readonly kubectl: string
  readonly kubeconfig: string
}

export interface FakeNodesOptions {
  /** How many nodes, for up to `podsPerNode` pods each. */
  readonly nodes: number
  /** kwok's own log. */
  readonly logFile: string
  readonly kwok: string
}

/** What the scheduler puts on a fake node at most. */
export const podsPerNode = 1_000

/** Nodes whose pods are objects of the API and nothing else: thousands on one machine. */
export interface FakeNodes {
  readonly pid: number
  /** Removes the nodes, whose pods should be gone by then, and ends kwok. */
  stop(): Promise<void>
}

/**
 * Adds nodes that no machine backs, and returns when they are Ready. Only what tolerates their taint is scheduled there:
 * pods of containers stay on the real node. A fake pod is Ready at once, has no logs and no network.
 *
 * @throws Error with the end of kwok's log where it ends before they are Ready
 */
export async function startFakeNodes(
  cluster: ClusterAccess,
  { nodes, logFile, kwok }: FakeNodesOptions,
): Promise<FakeNodes> {
  const log = createWriteStream(logFile)
  await once(log, 'open')
  const process = await spawnBound(kwok, kwokArguments(cluster), { stdio: ['ignore', log, log] })
  const stop = async (): Promise<void> => {
    await kubectl(cluster, ['delete', 'nodes', '-l', label, '--wait=false'])
    await terminate(process, stopGraceMs)
    log.close()
  }
  try {
    await kubectl(cluster, ['create', '-f', '-'], JSON.stringify(list(nodes, fakeNode)))
    const ready = kubectl(cluster, ['wait', '--for=condition=Ready', 'nodes', '-l', label, '--timeout=60s'])
    await Promise.race([ready, ended(process, logFile)])
    return { pid: process.pid, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A Deployment whose pods no container backs; the image is a name. `kubectl apply` takes it. */
export function fakeDeployment(
  name: string,
  { replicas, image }: { readonly replicas: number; readonly image: string },
): object {
  const labels = { app: name }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          nodeSelector: { type: 'kwok' },
          tolerations: [{ key: taint, operator: 'Exists', effect: 'NoSchedule' }],
          automountServiceAccountToken: false,
          containers: [{ name, image }],
        },
      },
    },
  }
}

function kwokArguments({ kubeconfig }: ClusterAccess): string[] {
  return [
    '--kubeconfig',
    kubeconfig,
    '--config',
    stages,
    '--manage-nodes-with-annotation-selector',
    `${taint}=fake`,
    '--cidr',
    '10.99.0.0/16',
    '--node-ip',
    '10.99.0.1',
    '--node-lease-duration-seconds',
    '40',
  ]
}

function fakeNode(index: number): object {
  const room = { cpu: '64', memory: '256Gi', pods: String(podsPerNode) }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: `fake-${index + 1}`,
      labels: { type: 'kwok', 'kubernetes.io/os': 'linux' },
      annotations: { [taint]: 'fake', 'node.alpha.kubernetes.io/ttl': '0' },
    },
    spec: { taints: [{ key: taint, value: 'fake', effect: 'NoSchedule' }] },
    status: { allocatable: room, capacity: room },
  }
}

function list(length: number, make: (index: number) => object): object {
  return { apiVersion: 'v1', kind: 'List', items: Array.from({ length }, (_, index) => make(index)) }
}

function kubectl(cluster: ClusterAccess, args: readonly string[], input?: string): Promise<string> {
  return runKubectl(cluster, args, input)
}

/** Rejects when kwok ends. */
async function ended(process: BoundProcess, logFile: string): Promise<never> {
  if (isRunning(process)) await once(process, 'exit')
  const tail = (await readFile(logFile, 'utf8')).trimEnd().split('\n').slice(-10).join('\n')
  throw new Error(`kwok ended by itself:\n${tail}`)
}
