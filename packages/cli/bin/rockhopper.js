#!/usr/bin/env node
import '../dist/bin/rockhopper.js'
