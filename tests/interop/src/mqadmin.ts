import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apacheServer } from './build-cache.js'
import { output } from './run.js'
import { tempDir } from './temp.js'

/**
 * Apache's mqadmin (5.4.0): its standard output. It ends with 0 also when a command failed, so look at the
 * text.
 */
export async function mqadmin(nameserver: string, args: readonly string[]): Promise<string> {
  const classPath = await apacheServer()
  const home = tempDir('mqadmin')
  const logback = join(home, 'logback.xml')
  writeFileSync(logback, '<configuration><root level="OFF"/></configuration>\n')
  const jvm = [
    `-Duser.home=${home}`,
    `-Drmq.logback.configurationFile=${logback}`,
    '-Xmx256m',
    '-XX:TieredStopAtLevel=1',
  ]
  const command = 'org.apache.rocketmq.tools.command.MQAdminStartup'
  return output('java', [...jvm, '-cp', classPath, command, ...args, '-n', nameserver], {
    env: { ...process.env, ROCKETMQ_HOME: home, NAMESRV_ADDR: nameserver },
    timeoutMs: 60_000,
  })
}
