// The command of a container names its service, `shop-order`; the inboxes are the demo's own.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const [, , service = ''] = process.argv
if (service === 'inboxes') await import('./dist/inbox-server.js')
else if (/^(shop|logs|seckill)-[a-z]+$/.test(service)) {
  const folder = dirname(createRequire(import.meta.url).resolve(`@rockhopper/${service}/package.json`))
  await import(join(folder, 'dist', 'main.js'))
} else {
  process.stderr.write(
    `no service '${service}': want inboxes, shop-order, logs-storage, seckill-api or the like\n`,
  )
  process.exit(2)
}
