import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

// For `node --import`: the heap as `rockhopper server` holds it. The same flags on the command line were seen
// not to hold it.
const cli = dirname(createRequire(import.meta.url).resolve('@rockhopper/cli/package.json'))
const { keepHeapSmall } = await import(pathToFileURL(join(cli, 'dist/bin/small-heap.js')).href)
keepHeapSmall()
