import base from '../../tools/jest.config.mjs'

// These wait for processes more than they compute.
export default { ...base, maxWorkers: 2 }
