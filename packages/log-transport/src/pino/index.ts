import { Writable } from 'node:stream'
import { LogShipper, type LogShipperOptions } from '../log-shipper.js'

/** A line longer than this without a line end is not JSON of pino's. */
const LINE_SIZE_MAX = 1024 * 1024

/**
 * Target of `pino.transport`: pino runs it in a worker thread of its own, and it ends with the process.
 *
 *     const options = { namesrvAddr: '127.0.0.1:9876', service: 'shop' }
 *     pino({ transport: { target: '@rockhopper/log-transport/pino', options } })
 */
export default function logTransport(options: LogShipperOptions): Writable {
  const shipper = new LogShipper(options)
  let partial = ''
  return new Writable({
    autoDestroy: true,
    decodeStrings: false,
    write(chunk: Buffer | string, _encoding, done) {
      const texts = (partial + String(chunk)).split('\n')
      partial = (texts.pop() ?? '').slice(0, LINE_SIZE_MAX)
      for (const text of texts) if (text !== '') shipper.take(parsed(text))
      done()
    },
    final(done) {
      if (partial !== '') shipper.take(parsed(partial))
      shipper.close().then(() => done(), done)
    },
  })
}

/** Something in the process may print between pino's lines: then the text itself is the message. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    if ((error as Error).name === 'SyntaxError') return text
    throw error
  }
}
