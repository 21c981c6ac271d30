// Servers in containers, for other rows of tests.
export {
  type DatabaseServer,
  ELASTICSEARCH_IMAGE,
  HDFS_IMAGE,
  POSTGRES_IMAGE,
  type Server,
  startElasticsearch,
  startHdfs,
  startPostgres,
} from './containers/server.js'
