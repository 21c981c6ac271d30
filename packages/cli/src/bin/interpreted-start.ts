import v8 from 'node:v8'

const COMPILERS = ['opt', 'maglev']

/**
 * While 300 modules are found and loaded V8 compiles what finds them, and its compilers with what they make
 * take 8 MiB of an idle broker for good (67 MiB with them, 60 without). So the entry loads this first, and
 * the rest with an import of its own: all of a static graph is found before the first module runs.
 */
for (const compiler of COMPILERS) v8.setFlagsFromString(`--no-${compiler}`)

/** Everything is loaded: from here on as always. */
export function compileFromNow(): void {
  for (const compiler of COMPILERS) v8.setFlagsFromString(`--${compiler}`)
}
