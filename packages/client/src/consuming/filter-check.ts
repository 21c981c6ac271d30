import { isMqError, MqError } from '@rockhopper/message'
import type { SubscriptionData } from '@rockhopper/remoting'
import type { ClientInstance } from '../client-instance.js'
import { inTime } from '../wait.js'
import type { Subscription } from './subscriptions.js'

/** A subscription as brokers read it (Apache: SubscriptionData). */
export function subscriptionData(subscription: Subscription): SubscriptionData {
  return {
    classFilterMode: false,
    codeSet: [...subscription.codeSet],
    expressionType: subscription.expressionType,
    subString: subscription.expression,
    subVersion: subscription.subVersion,
    tagsSet: [...subscription.tagsSet],
    topic: subscription.topic,
  }
}

/**
 * What a consumer asks before it takes part: a route for each topic, and what `checkFilters` does. Rejects
 * with MqError NAME_SERVER_UNREACHABLE, SUBSCRIPTION_ILLEGAL or REQUEST_ABORTED.
 */
export function askAhead(
  instance: ClientInstance,
  group: string,
  subscriptions: readonly Subscription[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const asking = async () => {
    for (const { topic } of subscriptions) await instance.routes.find(topic)
    await checkFilters(instance, group, subscriptions)
  }
  return inTime(instance.env.clock, asking(), `Starting a consumer of '${group}'`, { signal })
}

/**
 * Asks one broker of each topic whether it serves the SQL92 expression (Apache:
 * MQClientInstance.checkClientInBroker). A broker that cannot be reached is not asked again: it tells by its
 * answers to pulls. Rejects with MqError SUBSCRIPTION_ILLEGAL.
 */
export async function checkFilters(
  instance: ClientInstance,
  group: string,
  subscriptions: readonly Subscription[],
): Promise<void> {
  for (const subscription of subscriptions) {
    if (subscription.expressionType !== 'TAG') await checkFilter(instance, group, subscription)
  }
}

async function checkFilter({ api, clientId, routes }: ClientInstance, group: string, given: Subscription) {
  const brokerName = routes.get(given.topic)?.readQueues[0]?.brokerName
  const address = brokerName === undefined ? undefined : routes.masterAddress(brokerName)
  if (address === undefined) return
  try {
    await api.checkSubscription(address, { clientId, group, subscriptionData: subscriptionData(given) })
  } catch (cause) {
    if (!isMqError(cause, 'RESPONSE_REFUSED')) {
      if (cause instanceof MqError) return
      throw cause
    }
    const { responseCode } = cause
    const what = `Subscribing to '${given.topic}' with the SQL92 expression "${given.expression}"`
    throw new MqError('SUBSCRIPTION_ILLEGAL', `${what}: ${cause.message}`, {
      cause,
      ...(responseCode === undefined ? {} : { responseCode }),
    })
  }
}
