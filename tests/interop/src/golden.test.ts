import { describe, expect, test } from '@jest/globals'
import {
  COMMANDS,
  type CommandName,
  commandName,
  decodeFrame,
  decodeHeader,
  encodeFrame,
  encodeHeader,
  isResponse,
  type RemotingCommand,
  SerializeType,
} from '@rockhopper/remoting'
import { type GoldenFrame, goldenFiles } from './golden-file.js'
import { bodyBytes, jsonHeader } from './wire.js'

const FILES = goldenFiles()
const DISTINCT_COMMANDS_MIN = 20

test('golden files cover at least 20 commands, in both serializations', () => {
  const requests = FILES.flatMap(({ frames }) => frames.filter(({ kind }) => kind === 'request'))
  expect(new Set(requests.map(({ code }) => code)).size).toBeGreaterThanOrEqual(DISTINCT_COMMANDS_MIN)
  expect(new Set(requests.map(({ serializeType }) => serializeType))).toEqual(new Set(['JSON', 'ROCKETMQ']))
})

describe('a frame that Apache wrote', () => {
  test.each(FILES.map((file) => [file.name, file] as const))(
    '%s: decoded and encoded again it is equal',
    (_, file) => {
      for (const frame of file.frames) {
        const bytes = Buffer.from(frame.hex, 'hex')
        const command = decoded(bytes)
        expect(command.code).toBe(frame.code)
        expect(isResponse(command.flag)).toBe(frame.kind === 'response')
        expect(command.serializeType === SerializeType.JSON ? 'JSON' : 'ROCKETMQ').toBe(frame.serializeType)
        expectEqualFrame(encodeFrame(command), bytes, command)
      }
    },
  )

  test.each(FILES.map((file) => [file.name, file] as const))(
    '%s: header fields go through the table',
    (_, file) => {
      const request = file.frames[0]
      if (request === undefined) throw new Error('a golden file without frames')
      const name = commandName(request.code)
      expect(name).toBeDefined()
      for (const frame of file.frames) {
        const command = decoded(Buffer.from(frame.hex, 'hex'))
        if (frame.kind === 'response' && frame.code !== 0) continue
        expectEqualFields(name as CommandName, frame, command)
      }
    },
  )
})

function decoded(bytes: Buffer): RemotingCommand {
  const result = decodeFrame(bytes)
  if (!result.ok) throw new Error(result.reason)
  return result.value
}

/** Byte for byte; only Go orders the keys of its JSON otherwise, and leaves out one that nobody reads. */
function expectEqualFrame(encoded: Buffer, bytes: Buffer, command: RemotingCommand): void {
  if (command.language !== 'GO') {
    expect(encoded.toString('hex')).toBe(bytes.toString('hex'))
    return
  }
  expect(jsonHeader(encoded)).toEqual({ serializeTypeCurrentRPC: 'JSON', ...jsonHeader(bytes) })
  expect(bodyBytes(encoded).equals(bodyBytes(bytes))).toBe(true)
}

/** Text → typed value → text must be the same text for each field that the row of the command declares. */
function expectEqualFields(name: CommandName, frame: GoldenFrame, command: RemotingCommand): void {
  const row = COMMANDS[name]
  const fields = frame.kind === 'request' ? row.request : row.response
  const header = decodeHeader(fields, command.extFields)
  if (!header.ok) throw new Error(`${name} ${frame.kind}: ${header.reason}`)
  const known = encodeHeader(fields, header.value)
  expect(known).toEqual(Object.fromEntries(Object.keys(known).map((key) => [key, command.extFields?.[key]])))
}
