import { ask } from './wire.js'

const GET_ROUTEINFO_BY_TOPIC = 105
const AUTO_CREATE_TOPIC = 'TBW102'

/**
 * Whether the name server routes TBW102, the topic every broker has that creates topics by itself, to this
 * broker.
 */
export async function isRouted(
  nameserver: string,
  brokerName: string,
  brokerAddress: string,
): Promise<boolean> {
  const route = await routeText(nameserver, AUTO_CREATE_TOPIC)
  return route?.includes(`"${brokerName}"`) === true && route.includes(`"${brokerAddress}"`)
}

/** Whether a topic is known to the name server. */
export async function topicIsRouted(nameserver: string, topic: string): Promise<boolean> {
  return (await routeText(nameserver, topic)) !== undefined
}

async function routeText(nameserver: string, topic: string): Promise<string | undefined> {
  const { header, body } = await ask(nameserver, GET_ROUTEINFO_BY_TOPIC, {
    topic,
    acceptStandardJsonOnly: 'true',
  })
  return header.code === 0 ? body.toString('utf8') : undefined
}
