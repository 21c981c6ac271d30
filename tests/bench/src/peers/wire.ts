import type { Socket } from 'node:net'

/** How the generator speaks to a peer: every request is the same bytes, answers come in order. */
export interface Wire {
  /** Greets on a new connection. Reads the socket itself; resolves when requests may be sent. */
  open(socket: Socket): Promise<void>
  readonly request: Buffer
  /** Answers that end in this chunk. @throws Error for one that says that a message was not stored. */
  answers(chunk: Buffer): number
}

/** The next chunk of a connection that nothing else reads. */
export function nextChunk(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    socket.once('data', resolve)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the server closed the connection')))
  })
}
