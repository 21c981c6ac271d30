// Servers in containers, for other rows of tests.
export {
  ELASTICSEARCH_IMAGE,
  HDFS_IMAGE,
  type Server,
  startElasticsearch,
  startHdfs,
} from './containers/server.js'
