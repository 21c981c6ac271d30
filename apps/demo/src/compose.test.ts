import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '../../..')
const docker = join(root, 'docker')
const yaml = (path: string) => parse(readFileSync(join(docker, path), 'utf8'), { merge: true }) as unknown

interface Container {
  readonly image: string
  readonly command?: readonly string[]
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly volumes?: readonly string[]
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>
}

const { services, volumes } = yaml('compose.yaml') as {
  readonly services: Readonly<Record<string, Container>>
  readonly volumes: object
}
const ours = Object.keys(services).filter((name) => /^(shop|logs|seckill)-/.test(name))

/** The other side of a comparison: nobody runs it in earnest. */
const NO_SERVICE = 'seckill-compare'

/** A service is a folder of `apps` with a main program. */
const APPS = ['shop', 'logs', 'seckill'].flatMap((system) =>
  readdirSync(join(root, 'apps', system))
    .filter((name) => existsSync(join(root, 'apps', system, name, 'src/main.ts')))
    .map((name) => `${system}-${name}`)
    .filter((name) => name !== NO_SERVICE),
)

describe('docker/compose.yaml', () => {
  test('has every service, each locked down and started by its name', () => {
    expect(ours.toSorted()).toEqual(APPS.toSorted())
    for (const name of ours) {
      expect(services[name]).toMatchObject({ command: [name], read_only: true, cap_drop: ['ALL'] })
      expect(services[name]?.image).toContain('rockhopper-services')
    }
  })

  test('whatever a container mounts or waits for is there', () => {
    for (const container of Object.values(services)) {
      for (const volume of container.volumes ?? []) {
        const [from = ''] = volume.split(':')
        if (from.startsWith('.')) expect([volume, existsSync(join(docker, from))]).toEqual([volume, true])
        else expect(Object.keys(volumes)).toContain(from)
      }
      const waitsFor = container.depends_on ?? []
      for (const name of Array.isArray(waitsFor) ? waitsFor : Object.keys(waitsFor))
        expect(Object.keys(services)).toContain(name)
    }
  })

  test('Prometheus asks every service, and Grafana knows Prometheus', () => {
    const config = yaml('prometheus.yml') as { scrape_configs: { dns_sd_configs: { names: string[] }[] }[] }
    const names = config.scrape_configs.flatMap((job) => job.dns_sd_configs.flatMap((one) => one.names))
    expect(names.toSorted()).toEqual(ours.toSorted())
    expect(yaml('grafana/provisioning/datasources/prometheus.yaml')).toMatchObject({
      datasources: [{ uid: 'prometheus', url: 'http://prometheus:9090' }],
    })
  })
})
