export { NAME_SERVER_DEFAULTS, type NameServerConfig } from './config.js'
export { createNameServer, type NameServer, type NameServerOptions } from './name-server.js'
