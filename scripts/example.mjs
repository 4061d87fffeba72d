// npm run example <name>: runs a TypeScript example on a machine that has only Node 20.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, runWithToolchain } from './toolchain.mjs'

const programOf = (name) => `examples/${name}/main.ts`
const readmeOf = (name) => `examples/${name}/README.md`
const names = readdirSync(join(root, 'examples')).filter((name) => existsSync(join(root, readmeOf(name))))
const programs = names.filter((name) => existsSync(join(root, programOf(name))))
const others = names.filter((name) => !programs.includes(name))

/** Returns the first sentence of the README. */
const sentenceOf = (name) =>
  readFileSync(join(root, readmeOf(name)), 'utf8')
    .split('\n')
    .find((line) => line !== '' && !line.startsWith('#'))
    ?.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')

const usage = () => `Usage: npm run example <name> -- [options]

${programs.map((name) => `  ${name.padEnd(20)}${sentenceOf(name)}\n`).join('')}
They need a server: npm start -- --demo
In other languages, by the README of each in examples/:

${others.map((name) => `  ${name.padEnd(20)}${sentenceOf(name)}\n`).join('')}`

const [name, ...args] = process.argv.slice(2)
if (programs.includes(name)) await runWithToolchain([programOf(name), ...args])
else if (name === undefined || name === '--help' || name === '-h') process.stdout.write(usage())
else {
  process.stderr.write(`There is no example ${name} to run.\n\n${usage()}`)
  process.exitCode = 2
}
