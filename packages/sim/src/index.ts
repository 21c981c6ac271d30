export { type DiskOperation, type Fault, type FaultDetails, Killed } from './fault-point.js'
export { createSeededRandom, seeded } from './seeded.js'
export { SimDisk, type SimDiskHost } from './sim-disk.js'
export { VirtualClock, type VirtualClockOptions } from './virtual-clock.js'
