import { describe, expect, test } from '@jest/globals'
import { said } from './captured-main.fixture.js'

describe('wrong usage ends with 2 and says what is right', () => {
  const wrong = async (...words: string[]) => {
    const { code, out, err } = await said(...words)
    expect([code, out]).toEqual([2, ''])
    return err
  }

  test('an unknown key names the nearest one', async () => {
    expect(await wrong('broker', 'autoCreateTopicEnabled=true')).toContain(
      'did you mean autoCreateTopicEnable?',
    )
    expect(await wrong('nameserver', 'orderMesageEnable=true')).toContain('did you mean orderMessageEnable?')
  })

  test('a value out of range names its key', async () => {
    expect(await wrong('broker', 'flushDiskType=SOMETIMES')).toContain('flushDiskType=SOMETIMES')
    expect(await wrong('updateTopic', '-n', '127.0.0.1:1', '-t', 'a', '-r', '0')).toContain('--readQueueNums')
  })

  test('a word that is no key=value, a file that is not there, a port that is none', async () => {
    expect(await wrong('broker', 'hello')).toContain("'hello' is not key=value")
    expect(await wrong('server', '-c', '/nowhere/broker.conf')).toContain("no file '/nowhere/broker.conf'")
    expect(await wrong('server', '--broker-port', '99999')).toContain('0 to 65535')
  })

  test('an unknown command, an unknown option, a missing one, none at all', async () => {
    expect(await wrong('serve')).toContain("unknown command 'serve'")
    expect(await wrong('server', '--stor-dir', 'x')).toContain("unknown option '--stor-dir'")
    expect(await wrong('topicRoute', '-n', '127.0.0.1:1')).toContain('--topic')
    expect(await wrong('topicList')).toContain('Say which name server to ask')
    expect(await wrong()).toContain('Usage: rockhopper')
  })
})

test('a name server that is not there ends with 1 and says what to do', async () => {
  const { code, out, err } = await said('topicList', '-n', '127.0.0.1:1')
  expect([code, out]).toEqual([1, ''])
  expect(err).toContain('Start one with `rockhopper server`')
})

test('--help and --version end with 0; every command shows an example', async () => {
  expect(await said('--version')).toEqual({ code: 0, out: '1.2.3\n', err: '' })
  const { out } = await said('--help')
  const commands = [...out.matchAll(/^ {2}([a-z]+) .*\[options\]/gim)].map(([, name]) => name as string)
  expect(commands).toEqual(
    expect.arrayContaining(['server', 'nameserver', 'broker', 'topicList', 'queryMsgById']),
  )
  for (const command of commands) {
    const help = await said(command, '--help')
    expect([command, help.code]).toEqual([command, 0])
    expect(help.out).toMatch(new RegExp(`Examples?:\\n {2}rockhopper ${command}\\b`))
  }
})
