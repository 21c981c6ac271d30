import { spawnSync } from 'node:child_process'

/** The images that these tests start, and the variable that names another one. */
const IMAGES = {
  postgres: ['ROCKHOPPER_TEST_POSTGRES_IMAGE', 'postgres:16'],
  mariadb: ['ROCKHOPPER_TEST_MARIADB_IMAGE', 'mariadb:11.4'],
  rocketmq: ['ROCKHOPPER_TEST_ROCKETMQ_IMAGE', 'apache/rocketmq:5.3.2'],
} as const

export type ImageName = keyof typeof IMAGES

// Its reaper is one more image, which not every machine can get: these tests stop what they start.
process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true'

/**
 * The image, when a container engine answers and has it or can get it; else undefined, with one line that
 * says what is missing, and the tests that need it are skipped.
 */
export function availableImage(name: ImageName): string | undefined {
  const [variable, official] = IMAGES[name]
  const image = process.env[variable] ?? official
  if (docker('version') !== 0) return missing(name, 'no container engine answers: start Docker')
  if (docker('image', 'inspect', image) === 0 || docker('pull', '--quiet', image) === 0) return image
  return missing(name, `no image ${image}: set ${variable}, or run: eval "$(.ci/images)"`)
}

const docker = (...args: readonly string[]): number | null =>
  spawnSync('docker', [...args], { stdio: 'ignore', timeout: 180_000 }).status

function missing(name: ImageName, why: string): undefined {
  process.stderr.write(`tests with ${name} are skipped: ${why}\n`)
}
