import { BadRequestException, PayloadTooLargeException } from '@nestjs/common'
import { LineError, type LogLine, lineId, lineOf } from '@rockhopper/log-transport'

export const REQUEST_SIZE_MAX = 8 * 1024 * 1024
export const REQUEST_LINES_MAX = 20_000

/** The body of a request, whole. Rejects with 413 beyond the limit, before it is kept. */
export async function readBody(request: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > REQUEST_SIZE_MAX)
      throw new PayloadTooLargeException(`at most ${REQUEST_SIZE_MAX} bytes a request: send smaller batches`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

export interface RequestBatch {
  readonly batchId: string
  readonly source: string
  readonly body: string
}

/**
 * The lines of a batch, each with an id that a repeat of the batch gives it again. All or nothing: a batch
 * with one bad line is refused with that line's number, so that nobody has to guess what was kept.
 * @throws BadRequestException, PayloadTooLargeException
 */
export function requestLines({ batchId, source, body }: RequestBatch): LogLine[] {
  const texts = body.split('\n')
  if (texts.length > REQUEST_LINES_MAX + 1)
    throw new PayloadTooLargeException(`at most ${REQUEST_LINES_MAX} lines a request: send smaller batches`)
  return texts.flatMap((text, line) => {
    if (text.trim() === '') return []
    try {
      return [lineOf(lineId({ kind: 'http', source, batchId, line }), JSON.parse(text), { service: source })]
    } catch (error) {
      if (!(error instanceof LineError || error instanceof SyntaxError)) throw error
      throw new BadRequestException(`line ${line + 1}: ${error.message}; nothing of the batch was taken`)
    }
  })
}
