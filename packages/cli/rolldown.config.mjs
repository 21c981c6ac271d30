// The command as users install it: the 300 modules of a server in a few files (docs/decisions/0007).
// Finding and reading each of them took half of the time to the first message.
export default {
  input: { rockhopper: 'bin/rockhopper.js' },
  platform: 'node',
  // Other people's packages stay packages: their licences and their mends come with them.
  external: (id) => /^[a-z@]/.test(id) && !id.startsWith('@rockhopper/'),
  output: { dir: 'bundle', format: 'esm', cleanDir: true, chunkFileNames: '[name].js' },
  logLevel: 'warn',
}
