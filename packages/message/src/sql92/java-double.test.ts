import { expect, test } from '@jest/globals'
import { parseJavaDouble } from './java-double.js'

// Answers of java.lang.Double.valueOf.
test.each([
  ['5', 5],
  [' \t5\n', 5],
  ['5.', 5],
  ['.5', 0.5],
  ['-0', -0],
  ['+1e3', 1000],
  ['1E-3d', 0.001],
  ['1f', 1],
  ['NaN', Number.NaN],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['1e400', Number.POSITIVE_INFINITY],
  ['4.9e-324', 5e-324],
  ['0x1p3', 8],
  ['0X.8P1f', 1],
  ['0x1.fffffffffffff7p0', 1.9999999999999998],
  ['0x1.fffffffffffff8p0', 2],
  ['0x1.00000000000008p0', 1],
  ['0x1.000000000000080000000000000000001p0', 1.0000000000000002],
  ['0x1p-1074', 5e-324],
  ['0x1p-1075', 0],
  ['0x1.8p-1075', 5e-324],
  ['0x1p1024', Number.POSITIVE_INFINITY],
  ['0x1.fffffffffffffp1023', Number.MAX_VALUE],
  ['0x0p99999999999', 0],
])('%j is %p', (text, value) => {
  expect(parseJavaDouble(text)).toBe(value)
})

test.each([
  '',
  ' ',
  '.',
  'e5',
  '1e',
  '1e+',
  '1_0',
  '0x10',
  '0xp1',
  '0x1p',
  '1dd',
  'NaNd',
  'nan',
  '٥',
  '1 2',
  '--1',
])('%j is no number to Java', (text) => {
  expect(parseJavaDouble(text)).toBeUndefined()
})
