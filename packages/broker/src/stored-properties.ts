import { PROPERTY_SEPARATOR, type Properties, Property, propertiesText } from '@rockhopper/message'
import type { BrokerConfig } from './config.js'

/** What the broker adds to each single message (remoting.md section 9.4). */
export function brokerProperties(config: BrokerConfig): Properties {
  return {
    [Property.CLUSTER]: config.brokerClusterName,
    [Property.MSG_REGION]: config.regionId,
    [Property.TRACE_ON]: String(config.traceOn),
  }
}

/**
 * Names that make a send more than an append: the broker reads, changes or removes them. Without any of them,
 * and with a UNIQ_KEY, the client's bytes are stored as they came, followed by `brokerProperties`.
 */
export const ODD_PROPERTIES: ReadonlySet<string> = new Set([
  Property.CLUSTER,
  Property.MSG_REGION,
  Property.TRACE_ON,
  Property.POP_CK,
  Property.DELAY,
  Property.TRAN_MSG,
  Property.PRIORITY,
  Property.TIMER_DELAY_SEC,
  Property.TIMER_DELAY_MS,
  Property.TIMER_DELIVER_MS,
])

export function isPlain(properties: Properties): boolean {
  if (properties[Property.UNIQ_KEY] === undefined) return false
  for (const name in properties) if (ODD_PROPERTIES.has(name)) return false
  return true
}

/** The text of plain properties as it is stored: old clients leave out the last separator. */
export function closedText(text: string): string {
  return text === '' || text.endsWith(PROPERTY_SEPARATOR) ? text : text + PROPERTY_SEPARATOR
}

/** `brokerProperties` as bytes. Made anew when `traceOn` changed: the others cannot while a broker runs. */
export class PropertiesTail {
  #traceOn: boolean | undefined
  #bytes: Buffer = Buffer.alloc(0)

  of(config: BrokerConfig): Buffer {
    if (config.traceOn !== this.#traceOn) {
      this.#traceOn = config.traceOn
      this.#bytes = Buffer.from(propertiesText(brokerProperties(config)))
    }
    return this.#bytes
  }
}
