/** The version clients and tools are told: what `CURRENT_VERSION` of the remoting package stands for. */
export const BROKER_VERSION_DESC = 'V5_3_3'
