import ts from 'typescript'
import { findInLines, findInTree, isScript, isTest, isTypeScript, type Rule } from './source.js'

// Written in parts, so that this file does not break its own rules.
const MACHINE_PATHS = new RegExp(`(^|[\\s"'\`(=:,])/(${['wo' + 'rk', 'ro' + 'ot'].join('|')})/[\\w.]`)
const REGISTRY_HOSTS = [
  ['registry', 'npmjs', 'org'],
  ['registry', 'yarnpkg', 'com'],
  ['registry', 'npmmirror', 'com'],
  ['repo1', 'maven', 'org'],
  ['repo', 'maven', 'apache', 'org'],
  ['proxy', 'golang', 'org'],
  ['deb', 'debian', 'org'],
  ['files', 'pythonhosted', 'org'],
  ['static', 'crates', 'io'],
].map((parts) => parts.join('.'))

export const machinePaths: Rule = {
  name: 'no path of one machine, no host of a package registry',
  check(source) {
    return findInLines(source, (line) => {
      if (MACHINE_PATHS.test(line)) return `a path of one machine: ${line.trim().slice(0, 80)}`
      const host = REGISTRY_HOSTS.find((one) => line.includes(one))
      return host === undefined ? undefined : `the host ${host}`
    })
  },
}

const OPEN_ENDS = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`)

export const openEnds: Rule = {
  name: 'nothing is left open in source',
  check(source) {
    if (!isScript(source)) return []
    return findInLines(source, (line) => OPEN_ENDS.exec(line)?.[0])
  },
}

export const focusedTests: Rule = {
  name: 'no focused test',
  check(source) {
    if (!isTypeScript(source) || !isTest(source)) return []
    return findInTree(source, (node) => {
      if (!ts.isCallExpression(node)) return undefined
      const name = node.expression.getText()
      return /^(test|it|describe)\.only\b|^(fit|fdescribe)$/.test(name) ? name : undefined
    })
  },
}
