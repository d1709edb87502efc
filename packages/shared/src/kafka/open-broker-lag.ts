import type { Clock } from '../ports.ts'
import type { Kafka } from '../runbook/schema.ts'
import type { Environment } from '../runbook/template.ts'
import { brokersText, readFromBrokers } from './broker-lag.ts'
import { brokerSettings } from './broker-settings.ts'
import type { ConsumerLag } from './consumer-lag.ts'
import { mskIamToken } from './msk-iam-token.ts'
import { OauthTokens } from './oauth-token.ts'
import { RememberedLag } from './remembered-lag.ts'

/**
 * Lag read from the brokers of the runbook file. Import this file only where lag is read: it brings kafkajs along.
 *
 * @throws UserError where a variable is missing
 */
export function openBrokerLag(
  kafka: Kafka,
  {
    environment,
    mask,
    clock,
  }: { readonly environment: Environment; readonly mask: (secret: string) => void; readonly clock: Clock },
): ConsumerLag {
  const oauth = new OauthTokens(clock)
  const settings = brokerSettings(kafka, environment, mask, {
    oauth: (request, signal) => oauth.get(request, signal),
    mskIam: (region, variables) => mskIamToken(region, variables, clock.now()),
  })
  return new RememberedLag(
    brokersText(settings),
    (groups, signal) => readFromBrokers(groups, settings, clock, signal),
    clock,
  )
}
