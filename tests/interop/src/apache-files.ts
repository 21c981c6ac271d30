import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from './temp.js'

/**
 * A place for one server: Apache's ROCKETMQ_HOME, user.home and logs in it, so that nothing of the user is
 * touched.
 */
export interface ApacheHome {
  readonly directory: string
  readonly storeDir: string
  /** Warnings and errors of the server. */
  readonly logFile: string
  readonly jvmArgs: readonly string[]
  writeProperties(name: string, properties: Readonly<Record<string, string | number | boolean>>): string
  remove(): void
}

export function createApacheHome(): ApacheHome {
  const directory = tempDir('apache')
  const logFile = join(directory, 'server.log')
  const logback = join(directory, 'logback.xml')
  mkdirSync(join(directory, 'conf'))
  writeFileSync(logback, logbackXml(logFile))
  return {
    directory,
    storeDir: join(directory, 'store'),
    logFile,
    jvmArgs: [
      `-Duser.home=${directory}`,
      `-Drmq.logback.configurationFile=${logback}`,
      `-Djava.io.tmpdir=${directory}`,
      '-Dtls.server.mode=disabled',
      '-XX:+UseSerialGC',
      // What Apache's runbroker.sh opens on Java 9 and later.
      '--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED',
      '--add-opens=java.base/java.nio=ALL-UNNAMED',
      '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
    ],
    writeProperties(name, properties) {
      const path = join(directory, 'conf', name)
      const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}\n`)
      writeFileSync(path, lines.join(''))
      return path
    },
    remove: () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }),
  }
}

function logbackXml(logFile: string): string {
  return `<configuration>
  <appender name="FILE" class="ch.qos.logback.core.FileAppender">
    <file>${logFile}</file>
    <encoder><pattern>%d{HH:mm:ss.SSS} %p %logger %t - %m%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="FILE"/></root>
</configuration>
`
}
