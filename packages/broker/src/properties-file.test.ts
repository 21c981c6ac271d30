import { describe, expect, test } from '@jest/globals'
import { CONFIG, completeConfig } from './config.js'
import { parseProperties, readProperties } from './properties-file.js'

describe('broker.conf', () => {
  test('a file as Apache ships it loads, with values of their types', () => {
    const { config, ignored } = parseProperties(`
# a comment
! another
brokerClusterName = DefaultCluster
brokerName=broker-b
brokerId = 0
deleteWhen = 04
fileReservedTime = 48
brokerRole = ASYNC_MASTER
flushDiskType = SYNC_FLUSH
autoCreateTopicEnable=false
sendMessageThreadPoolNums=16
namesrvAddr=10.0.0.1:9876;10.0.0.2:9876
`)
    expect(config).toEqual({
      brokerClusterName: 'DefaultCluster',
      brokerName: 'broker-b',
      brokerId: 0,
      deleteWhen: '04',
      fileReservedTime: 48,
      brokerRole: 'ASYNC_MASTER',
      flushDiskType: 'SYNC_FLUSH',
      autoCreateTopicEnable: false,
      namesrvAddr: '10.0.0.1:9876;10.0.0.2:9876',
    })
    expect(ignored).toEqual(['sendMessageThreadPoolNums'])
  })

  test('an unknown key is refused with the nearest known one', () => {
    expect(() => parseProperties('brokrName=a')).toThrow('did you mean brokerName?')
    expect(() => parseProperties('autoCreateTopic=true')).toThrow('did you mean autoCreateTopicEnable?')
    expect(() => parseProperties('brokrName=a')).toThrow(
      expect.objectContaining({ code: 'CONFIG_KEY_UNKNOWN' }),
    )
    expect(() => parseProperties('__proto__=a')).toThrow(
      expect.objectContaining({ code: 'CONFIG_KEY_UNKNOWN' }),
    )
  })

  test.each([
    'brokerId=-1',
    'listenPort=65536',
    'listenPort=1e3',
    'listenPort=',
    'autoCreateTopicEnable=yes',
    'flushDiskType=sync',
  ])('%s is refused', (line) => {
    expect(() => parseProperties(line)).toThrow(expect.objectContaining({ code: 'CONFIG_VALUE_ILLEGAL' }))
  })

  test('lines are read as java.util.Properties reads them', () => {
    const text = 'a = b c \r\nd:e\n  f\tg\nh=1\\\n    2\ni\nj=\\u00e9\\tx\nk==v\n#l=m\na=last'
    expect([...readProperties(text)]).toEqual([
      ['a', 'last'],
      ['d', 'e'],
      ['f', 'g'],
      ['h', '12'],
      ['i', ''],
      ['j', 'é\tx'],
      ['k', '=v'],
    ])
  })
})

describe('the configuration table', () => {
  test('every default satisfies its own row', () => {
    const config = completeConfig({})
    expect(Object.keys(config).sort()).toEqual(Object.keys(CONFIG).sort())
  })

  test('values given in code are checked too', () => {
    expect(() => completeConfig({ listenPort: 70_000 })).toThrow('listenPort=70000')
    expect(() => completeConfig({ brokerName: 7 as never })).toThrow('must be a string')
    expect(() => completeConfig({ messageDelayLevel: '1s 2x' })).toThrow('messageDelayLevel')
  })
})
