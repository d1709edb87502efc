import { describe, expect, it } from '@jest/globals'
import { imageAddress } from './image-address.ts'

const digest = `sha256:${'a'.repeat(64)}`

describe('imageAddress', () => {
  it.each<[string, string, string, string]>([
    ['nginx', 'registry-1.docker.io', 'library/nginx', 'latest'],
    ['team/worker:v1.2.3', 'registry-1.docker.io', 'team/worker', 'v1.2.3'],
    ['docker.io/team/worker:v1', 'registry-1.docker.io', 'team/worker', 'v1'],
    ['ghcr.io/acme/team/worker:v1', 'ghcr.io', 'acme/team/worker', 'v1'],
    ['localhost/worker:v1', 'localhost', 'worker', 'v1'],
    ['localhost:5000/worker:v1', 'localhost:5000', 'worker', 'v1'],
    ['registry.example:5000/team/worker:v1', 'registry.example:5000', 'team/worker', 'v1'],
    [`registry.example/worker:v1@${digest}`, 'registry.example', 'worker', digest],
    [`registry.example/worker@${digest}`, 'registry.example', 'worker', digest],
  ])('%s', (image, host, name, reference) => {
    expect(imageAddress(image)).toMatchObject({ host, name, reference })
  })

  it('calls Docker Hub by its usual name', () => {
    expect(imageAddress('nginx').registry).toBe('docker.io')
  })
})
