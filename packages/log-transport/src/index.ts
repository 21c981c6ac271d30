export { type LineOrigin, lineId } from './line-id.js'
export { BATCH_LINES_MAX, BATCH_SIZE_MAX, type BatchAddress, linesOf, logMessages } from './log-batch.js'
export { LEVELS, type Level, type LineDefaults, LineError, type LogLine, lineOf } from './log-line.js'
export { LogShipper, type LogShipperOptions } from './log-shipper.js'
