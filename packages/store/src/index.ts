export { dueTime, parseDelayLevels } from './delay-level.js'
export { diskErrorCode, rethrowAssertion } from './full-write.js'
export { createMessageStore, type MessageStoreOptions, type StoreEnv } from './local-message-store.js'
export type {
  AdvanceEvent,
  Arrival,
  ArrivalListener,
  ArrivedProperties,
  BatchElement,
  GetMessageQuery,
  GetMessageResult,
  GetMessageStatus,
  LostStatus,
  MessageStore,
  Placed,
  PlaceResult,
  PutResult,
  PutStatus,
  QueueEntry,
  StoreState,
  Watermarks,
} from './message-store.js'
export { propertyCrc } from './property-crc.js'
export type { QuarantinedRange } from './quarantine.js'
export { type StateFile, stateFile } from './state-file.js'
export { STORE_CONFIG_DEFAULTS, type StoreConfig, type StoreConfigInput } from './store-config.js'
export type { TimerProgress } from './timer/timer-checkpoint.js'
export { type TimerList, TimerStore, type TimerStoreOptions } from './timer/timer-store.js'
export { TimerMagic, type TimerUnit } from './timer/timer-unit.js'
export type { TimerSlot } from './timer/timer-wheel.js'
