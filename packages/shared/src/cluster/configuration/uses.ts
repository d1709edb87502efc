import type { Deployment } from '../component.ts'

/** The volumes by which a Deployment's pods read a ConfigMap as files, plain or projected. */
export function filesFrom(deployment: Deployment, configMap: string): string[] {
  return (deployment.spec?.template.spec?.volumes ?? [])
    .filter(
      (volume) =>
        volume.configMap?.name === configMap ||
        volume.projected?.sources?.some((source) => source.configMap?.name === configMap) === true,
    )
    .map(({ name }) => name)
}
