import type { Diagnosis } from '../../record/diagnosis.ts'
import { nameOf } from '../component.ts'
import type { HardSignal } from '../hard-signal.ts'
import { containerConfig } from './container-config.ts'
import { crash } from './crash.ts'
import type { Evidence } from './evidence.ts'
import { clipped, sentence, type Finding, type Rule, type Scene } from './finding.ts'
import { evidenceLines } from './evidence-lines.ts'
import { imagePull } from './image-pull.ts'
import { podView } from './pod-view.ts'
import { podsRefused } from './pods-refused.ts'
import { probe } from './probe.ts'
import { adviceOf, sectionOf } from './runbook-sections.ts'
import { unschedulable } from './unschedulable.ts'

const rules: readonly Rule[] = [containerConfig, imagePull, crash, podsRefused, unschedulable, probe]

/** What ended the rollout is asked about first: another pod may have another trouble besides. */
const ruleOf: Readonly<Record<HardSignal['kind'], Rule>> = {
  'container-config': containerConfig,
  'image-pull': imagePull,
  'invalid-image': imagePull,
  'crash-loop': crash,
  'replica-failure': podsRefused,
  unschedulable,
}

/** A longer image reference would not be pasted by anybody. */
const maxImage = 300

/** Why a rollout did not succeed: always one sentence, whatever the evidence looks like. Never throws. */
export function diagnose(evidence: Evidence): Diagnosis {
  const scene: Scene = { evidence, pods: evidence.pods.map(podView) }
  const [ended] = evidence.signals
  const inOrder = ended === undefined ? rules : [ruleOf[ended.kind], ...rules]
  const found = firstFinding(inOrder, scene) ?? stuck(scene)
  const { namespace, component, before } = evidence
  const { kind, section, cause, pod, image, pullSecret } = found
  return {
    kind,
    sentence: clipped(found.sentence, 1_000),
    advice: adviceOf(section, {
      namespace,
      deployment: nameOf(component.deployment),
      ...(before !== undefined && { before }),
      ...(cause !== undefined && { cause }),
      ...(pod !== undefined && pod !== '' && { pod }),
      ...(image !== undefined && image !== '' && image.length <= maxImage && { image }),
      ...(pullSecret !== undefined && { pullSecret }),
    }),
    section: sectionOf(section),
    evidence: evidenceLines(scene),
  }
}

function firstFinding(candidates: readonly Rule[], scene: Scene): Finding | undefined {
  for (const rule of candidates) {
    const finding = rule(scene)
    if (finding !== undefined) return finding
  }
  return undefined
}

/** Nothing says why: then how far it came is what there is to say. */
function stuck({ evidence: { reason }, pods: [first] }: Scene): Finding {
  const how = clipped(reason, 500).replace(/\.+$/u, '')
  return {
    kind: 'stuck',
    sentence: sentence(
      `${how === '' ? 'The rollout did not finish' : how}; neither its pods nor their events say why`,
    ),
    section: 'stuck',
    ...(first !== undefined && { pod: first.name }),
  }
}
