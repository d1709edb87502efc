import { badImage } from './bad-image.ts'
import { rolling } from './rolling.ts'
import type { Scenario } from './scenario.ts'
import { stagingFails } from './staging-fails.ts'
import { windowClosed } from './window-closed.ts'

/** Every scenario; the first is the default. */
export const scenarios: readonly Scenario[] = [rolling, windowClosed, stagingFails, badImage]
