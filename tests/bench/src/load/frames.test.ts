import { expect, test } from '@jest/globals'
import { decodeFrame, encodeFrame } from '@rockhopper/remoting'
import { ReplyReader } from './reply-reader.js'
import { OPAQUE_BASE } from './request-template.js'
import { templatesOf } from './templates.js'

const TASK = {
  host: '',
  port: 0,
  topic: 'T',
  queues: 2,
  connections: 1,
  inFlight: 1,
  bodySize: 10,
  warmUpMs: 0,
  measureMs: 0,
}

test('a template writes whole requests that differ in opaque and one number', () => {
  const into = Buffer.alloc(4_096)
  for (const kind of ['send', 'pull'] as const) {
    const template = templatesOf({ ...TASK, kind })[1]
    if (template === undefined) throw new Error('no template')
    const end = template.write(into, 5, OPAQUE_BASE + 77, 1_234)
    const decoded = decodeFrame(into.subarray(5, end), true)
    if (!decoded.ok) throw new Error(decoded.reason)
    expect(decoded.value.opaque).toBe(OPAQUE_BASE + 77)
    const fields = decoded.value.extFields ?? {}
    if (kind === 'pull') expect(fields).toMatchObject({ queueId: '1', queueOffset: '0000001234' })
    else expect(fields['i']).toContain('0000001234')
    expect(Buffer.from(decoded.value.body ?? []).toString()).toBe(kind === 'send' ? 'rrrrrrrrrr' : '')
  }
})

test('answers cut anywhere are read whole', () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  let state = seed
  const below = (limit: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % limit
  }
  const expected: [number, boolean][] = []
  const frames: Buffer[] = []
  for (let i = 0; i < 200; i++) {
    const code = below(3) === 0 ? 2 : 0
    const opaque = OPAQUE_BASE + below(5_000)
    expected.push([opaque, code === 0])
    const extFields = below(2) === 0 ? { queueOffset: String(below(1e6)) } : {}
    const body = Buffer.alloc(below(300), '"opaque":1')
    frames.push(
      encodeFrame({ code, flag: 1, opaque, version: 0, language: 'JAVA', extFields, body, serializeType: 0 }),
    )
  }
  const stream = Buffer.concat(frames)
  const seen: [number, boolean][] = []
  const reader = new ReplyReader((opaque, ok) => seen.push([opaque, ok]))
  for (let at = 0; at < stream.length; ) {
    const end = Math.min(stream.length, at + 1 + below(700))
    const chunk = Buffer.from(stream.subarray(at, end))
    reader.push(chunk)
    chunk.fill(0)
    at = end
  }
  expect({ seed, seen }).toEqual({ seed, seen: expected })
})
