#!/usr/bin/env node
import '../dist/bin/interpreted-start.js'

await import('../dist/bin/rockhopper.js')
