export { default } from '../../../tools/jest.config.mjs'
