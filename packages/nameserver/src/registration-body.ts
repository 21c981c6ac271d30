import type { Compute } from '@rockhopper/env'
import {
  type DataVersion,
  decodeInflatedRegisterBody,
  RegisterBrokerBody,
  type TopicConfig,
} from '@rockhopper/remoting'

/** Bytes of a registration once inflated: some 100,000 topics. */
const INFLATED_SIZE_MAX = 64 * 1024 * 1024

export interface RegistrationBody {
  readonly dataVersion: DataVersion
  readonly topicConfigs: ReadonlyMap<string, TopicConfig>
}

/**
 * The body of REGISTER_BROKER, plain JSON or a zlib stream (remoting.md sections 16.2 and 16.3). Static
 * topics and filter servers are not kept. Rejects with MqError BODY_ILLEGAL, or the error of `decompress`.
 */
export async function readRegistration(
  compute: Compute,
  body: Buffer,
  { compressed, version }: { readonly compressed: boolean; readonly version: number },
): Promise<RegistrationBody> {
  const decoded = compressed
    ? decodeInflatedRegisterBody(await compute.decompress('ZLIB', body, INFLATED_SIZE_MAX), version)
    : RegisterBrokerBody.decode(body)
  const { dataVersion, topicConfigTable } = decoded.topicConfigSerializeWrapper
  return { dataVersion, topicConfigs: topicConfigTable }
}
