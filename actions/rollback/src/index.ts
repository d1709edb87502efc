import { runAction } from '@runbook-actions/shared/action/run.ts'
import { action } from './main.ts'

void runAction(action)
