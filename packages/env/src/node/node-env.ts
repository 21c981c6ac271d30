import { existsSync, readFileSync } from 'node:fs'
import { homedir, networkInterfaces, totalmem } from 'node:os'
import type { Env, Host, Log, Random } from '../env.js'
import { createNodeClock } from './node-clock.js'
import { createNodeCompute } from './node-compute.js'
import { createNodeDisk } from './node-disk.js'
import { createNodeNet } from './node-net.js'
import { createStderrLog } from './stderr-log.js'

export interface NodeEnvOptions {
  /** Where notes go. Default: warnings and errors to standard error, ten seconds apart per code. */
  readonly log?: Log
}

/** The real world: Node's timers, files, sockets and chance. Cheap to make; nothing is opened. */
export function createNodeEnv(options: NodeEnvOptions = {}): Env {
  const clock = createNodeClock()
  return {
    clock,
    disk: createNodeDisk(),
    net: createNodeNet(),
    random: createNodeRandom(),
    compute: createNodeCompute(),
    host: createNodeHost(),
    log: options.log ?? createStderrLog(clock),
  }
}

function createNodeRandom(): Random {
  return {
    float: () => Math.random(),
    int: (below) => Math.floor(Math.random() * below),
  }
}

function createNodeHost(): Host {
  return {
    pid: process.pid,
    bootId: readBootId(),
    totalMemory: totalmem(),
    address: firstAddress(),
    homeDirectory: homedir(),
    timezoneOffsetMinutes: (time) => new Date(time).getTimezoneOffset(),
  }
}

/** Only Linux has the file; elsewhere the identity of a boot is unknown, which the contract allows. */
function readBootId(): string {
  const path = '/proc/sys/kernel/random/boot_id'
  return existsSync(path) ? readFileSync(path, 'latin1').trim() : ''
}

function firstAddress(): string {
  for (const addresses of Object.values(networkInterfaces())) {
    for (const candidate of addresses ?? []) {
      if (candidate.family === 'IPv4' && !candidate.internal) return candidate.address
    }
  }
  return '127.0.0.1'
}
