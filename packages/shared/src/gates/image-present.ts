import { parseImage, shortDigest } from '../cluster/image.ts'
import { worst, type Verdict } from '../decide/verdict.ts'
import type { DeploymentRecord, PlannedComponent } from '../record/schema.ts'
import { imageAddress } from '../registry/image-address.ts'
import type { ImageAnswer } from '../registry/image-registry.ts'
import type { Answer, Gate } from './gate.ts'

/** The first step of the runbook's trouble with images, taken before there is any. */
export const imagePresent: Gate<'registry'> = {
  name: 'image-present',
  question: 'Check image exists in registry',
  occasions: ['preflight'],
  mode: (runbook) => runbook.gates.imagePresent.mode,
  query: ({ record }) =>
    pulled(record)
      .map(({ to }) => `docker pull ${to}`)
      .join('; '),
  async measure({ record, runbook, registry }, signal) {
    const findings = await Promise.all(
      pulled(record).map(async (component) =>
        imageFinding(component, await registry.look(component.to, signal), {
          isBlocked: runbook.gates.imagePresent.unanswered === 'block',
          ranInStaging: ranInStaging(record, component),
        }),
      ),
    )
    return answerOf(findings)
  },
}

/** The components whose image changes: what runs already has been pulled. */
function pulled({ plan }: DeploymentRecord): readonly PlannedComponent[] {
  return plan.filter(({ from, to }) => from !== to)
}

/** Whether staging's pods pulled these very bits: that they can be pulled has been shown, if not from here. */
function ranInStaging({ staging }: DeploymentRecord, { deployment, to }: PlannedComponent): boolean {
  const { repository, digest } = parseImage(to)
  return (
    digest !== undefined &&
    (staging?.components ?? []).some(
      (component) =>
        component.deployment === deployment &&
        component.digest === digest &&
        parseImage(component.image).repository === repository,
    )
  )
}

interface Finding {
  readonly verdict: Verdict
  /** Undefined of what is good. */
  readonly sentence?: string
  readonly evidence: string
}

interface Circumstances {
  /** Whether the team wants a registry that cannot be asked to stop the deployment. */
  readonly isBlocked: boolean
  readonly ranInStaging: boolean
}

/** What a registry's answer means for one component. */
export function imageFinding(
  { deployment, to }: PlannedComponent,
  answer: ImageAnswer,
  { isBlocked, ranInStaging: ran }: Circumstances,
): Finding {
  const { registry, reference } = imageAddress(to)
  const shown = ran ? "; staging's pods pulled it" : ''
  const said = (what: string): string => `${deployment}: ${to}: ${registry} ${what}${shown}`
  switch (answer.result) {
    case 'found': {
      const { digest } = answer
      if (digest !== undefined && reference.startsWith('sha256:') && digest !== reference) {
        const sentence = `${deployment}: ${registry} answers with ${shortDigest(digest)} where it is asked for ${shortDigest(reference)}.`
        return { verdict: 'fail', sentence, evidence: said(`has ${digest}`) }
      }
      return { verdict: 'pass', evidence: said(`has ${digest ?? 'it'}`) }
    }
    case 'missing': {
      const hidden = answer.isAnonymous
        ? ' It was asked without credentials, and some registries hide so what they do not show to everybody: if it is there, let the job log in to it.'
        : ''
      const sentence = `${deployment}: ${registry} has no ${to}. Check image exists in registry: "docker pull ${to}".${hidden}`
      return { verdict: 'fail', sentence, evidence: said('has no such image') }
    }
    case 'not-asked':
      return {
        verdict: isBlocked ? 'unknown' : 'skipped',
        sentence: `${registry} ${answer.why}.`,
        evidence: said(answer.why),
      }
    case 'failing':
      return {
        verdict: 'unknown',
        sentence: `${registry} ${answer.why}: nodes that pull from it now would meet the same.`,
        evidence: said(answer.why),
      }
  }
}

function answerOf(findings: readonly Finding[]): Answer {
  if (findings.length === 0) return { verdict: 'skipped', answer: 'No image changes.' }
  const evidence = findings.map((finding) => finding.evidence)
  const found = findings.filter(({ verdict }) => verdict === 'pass').length
  const value = `${found}/${findings.length} images`
  const sentences = new Set(findings.flatMap(({ sentence }) => (sentence === undefined ? [] : [sentence])))
  const unasked = findings.filter(({ verdict }) => verdict === 'skipped').length
  if (unasked === findings.length) {
    const answer = `Not asked, because it cannot be from here: ${[...sentences].join(' ')}`
    return { verdict: 'skipped', answer, evidence }
  }
  const verdict = worst(findings.map((finding) => finding.verdict))
  const parts = found === findings.length ? [`All ${found} images are in their registries.`] : [...sentences]
  return { verdict, answer: parts.join(' '), value, evidence }
}
