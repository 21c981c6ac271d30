export {
  readTopicsFile,
  type TopicsFile,
  TopicsFileError,
  type WantedGroup,
  type WantedTopic,
} from './topics/topics-file.js'
