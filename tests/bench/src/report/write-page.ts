import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { Recorder, type Row } from '../recorder.js'
import { report } from './report.js'

const BEGIN = '<!-- written by `npm run bench -- report` from here -->'
const END = '<!-- to here -->'

/** Writes the measured part of docs/benchmarks.md from files of measurements; the text around it stays. */
export function writePage(docs: string, files: readonly string[]): void {
  const recorder = new Recorder(() => undefined)
  for (const file of files) {
    const lines = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
    for (const line of lines) recorder.add(JSON.parse(line) as Row)
  }
  const path = join(docs, 'benchmarks.md')
  const page = readFileSync(path, 'utf8')
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (from < 0 || to < from) throw new Error(`${path} has no part that is written`)
  const measured = `${BEGIN}\n\n${machine()}\n\n${report(recorder, join(docs, 'images'))}\n`
  writeFileSync(path, page.slice(0, from) + measured + page.slice(to))
}

function machine(): string {
  const gib = Math.round(totalmem() / 1024 ** 3)
  const [kernel = 'unknown'] =
    /^\S+ \d+\.\d+/.exec(execFileSync('uname', ['-sr'], { encoding: 'utf8' })) ?? []
  const what = `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${gib} GiB, ${kernel}`
  return `Measured on ${what}, Node ${process.version}.`
}
