import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rockhopper } from '../contenders.js'
import type { Recorder } from '../recorder.js'
import { loaded, type Subject, subjectOf } from '../rows/row.js'
import type { Sizes } from '../rows/sizes.js'
import { type CpuProfile, costliest } from './cpu-profile.js'
import { flameGraph } from './flame-graph.js'

/** Starting and compiling are not what is looked for. */
const IGNORED_MS = 4_000
const MEASURE_MS = 8_000
const COUNT = 10
/** Made before what is ignored has passed. */
const BACKLOG = 100_000

type Load = (subject: Subject, sizes: Sizes) => Promise<unknown>

/** Profiles of a broker under sends and under pulls, drawn into `directory`, and the costliest functions. */
export async function benchFlame(sizes: Sizes, directory: string, recorder: Recorder): Promise<void> {
  const long = { ...sizes, warmUpMs: IGNORED_MS, measureMs: MEASURE_MS, backlog: BACKLOG }
  const loads: Readonly<Record<string, Load>> = {
    send: (subject) => loaded(subject, long, {}),
    async pull(subject) {
      return loaded(subject, long, { kind: 'pull', inFlight: 16, backlog: await subject.backlog() })
    },
  }
  for (const [name, load] of Object.entries(loads)) {
    const profile = await profileOf(long, (subject) => load(subject, long))
    writeFileSync(join(directory, `flame-${name}.svg`), flameGraph(name, profile, IGNORED_MS))
    recorder.print(`| ${name}: function | share of busy time |`)
    recorder.print('|---|---|')
    for (const each of costliest(profile, IGNORED_MS, COUNT)) {
      recorder.print(`| ${each.name} | ${(each.share * 100).toFixed(1)} % |`)
      const values = { share: each.share }
      recorder.add({ part: `flame ${name}`, cell: each.name, contender: rockhopper.name, round: 1, values })
    }
    recorder.print('')
  }
}

async function profileOf(sizes: Sizes, load: (subject: Subject) => Promise<unknown>): Promise<CpuProfile> {
  const directory = mkdtempSync(join(tmpdir(), 'rockhopper-bench-profile-'))
  try {
    process.env['ROCKHOPPER_BENCH_PROFILE'] = directory
    const started = await rockhopper.start()
    try {
      await load(await subjectOf(started, rockhopper.name, sizes))
    } finally {
      await started.stop()
    }
    const [file] = readdirSync(directory)
    if (file === undefined) throw new Error('the broker left no profile')
    return JSON.parse(readFileSync(join(directory, file), 'utf8')) as CpuProfile
  } finally {
    delete process.env['ROCKHOPPER_BENCH_PROFILE']
    rmSync(directory, { recursive: true, force: true })
  }
}
