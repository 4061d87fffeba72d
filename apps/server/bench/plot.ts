// pnpm bench:plot: draws docs/recall.svg from the figures of the two benchmarks.
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Scale } from './scale.ts'

const HELP = `Draws docs/recall.svg: R@10 by arm and the time of a recall by the size of its namespace.

Usage: pnpm bench:plot --quality <file> --scale <file> [--out <file>]

  --quality <file>   What pnpm bench:recall --json printed
  --scale <file>     What pnpm bench --scale --json printed
  --out <file>       Default: docs/recall.svg
`
const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    quality: { type: 'string' },
    scale: { type: 'string' },
    out: { type: 'string', default: 'docs/recall.svg' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help || !values.quality || !values.scale) {
  console.log(HELP)
  process.exit(values.help ? 0 : 1)
}

type Arm = 'grep' | 'bm25' | 'vector' | 'hybrid'
type Quality = ({ category: string } & Record<Arm, { recall: Record<string, number> }>)[]
const read = <T>(file: string) => JSON.parse(readFileSync(file, 'utf8')) as T
const quality = read<Quality>(values.quality)
const { results } = read<{ results: Scale[] }>(values.scale)

const COLOURS: Record<Arm, string> = { grep: '#b8b8b8', bm25: '#7aa6c2', vector: '#e3b23c', hybrid: '#2f6f4f' }
const ARMS = Object.keys(COLOURS) as Arm[]
const WIDTH = 900
const HEIGHT = 360
const BOTTOM = 290
const TOP = 60
const text = (x: number, y: number, words: string, more = '') => `<text x="${x}" y="${y}" ${more}>${words}</text>`

/** Draws a group of bars for each category. */
function bars(left: number, width: number): string {
  const group = width / quality.length
  const bar = (group * 0.8) / ARMS.length
  const y = (share: number) => BOTTOM - share * (BOTTOM - TOP)
  const lines = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<path d="M${left} ${y(share)}h${width}" ` +
      `stroke="#e6e6e6"/>${text(left - 6, y(share) + 4, String(share), 'text-anchor="end"')}`,
  )
  const groups = quality.flatMap(({ category, ...arms }, i) => [
    ...ARMS.map((arm, j) => {
      const share = arms[arm].recall['10'] ?? 0
      return (
        `<rect x="${left + i * group + group * 0.1 + j * bar}" y="${y(share)}" width="${bar - 1}" ` +
        `height="${BOTTOM - y(share)}" fill="${COLOURS[arm]}"/>`
      )
    }),
    text(left + (i + 0.5) * group, BOTTOM + 16, category, 'text-anchor="middle" font-size="10"'),
  ])
  const legend = ARMS.map(
    (arm, i) =>
      `<rect x="${left + i * 90}" y="${HEIGHT - 30}" width="10" height="10" ` +
      `fill="${COLOURS[arm]}"/>${text(left + 14 + i * 90, HEIGHT - 21, arm)}`,
  )
  return [...lines, ...groups, ...legend, text(left, TOP - 20, 'R@10', 'font-weight="bold"')].join('\n')
}

/** Draws a line for each database: p50 of recall k=5 over HTTP, sizes on a logarithmic axis. */
function times(left: number, width: number): string {
  const points = results.map(({ database, sizes }) => ({
    database,
    points: sizes.map(({ rows, calls }) => ({ rows, ms: calls[0]?.one.p50 ?? 0 })),
  }))
  const all = points.flatMap((line) => line.points)
  const most = Math.max(...all.map(({ ms }) => ms)) * 1.2
  const [low, high] = [Math.min(...all.map(({ rows }) => rows)), Math.max(...all.map(({ rows }) => rows))]
  const x = (rows: number) => left + (Math.log(rows / low) / Math.max(1e-9, Math.log(high / low))) * width
  const y = (ms: number) => BOTTOM - (ms / most) * (BOTTOM - TOP)
  const colours = ['#2f6f4f', '#c25b56']
  const lines = points.map(({ database, points: line }, i) => {
    const colour = colours[i % colours.length]
    const path = line
      .map(({ rows, ms }, at) => `${at === 0 ? 'M' : 'L'}${x(rows).toFixed(1)} ${y(ms).toFixed(1)}`)
      .join('')
    const marks = line.map(
      ({ rows, ms }) =>
        `<circle cx="${x(rows).toFixed(1)}" cy="${y(ms).toFixed(1)}" r="3.5" ` +
        `fill="${colour}"/>${text(x(rows), y(ms) - 10, ms.toFixed(1), 'text-anchor="middle"')}`,
    )
    const name =
      `<rect x="${left + i * 140}" y="${HEIGHT - 30}" width="10" height="10" ` +
      `fill="${colour}"/>${text(left + 14 + i * 140, HEIGHT - 21, database)}`
    return [`<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`, ...marks, name].join('\n')
  })
  const sizes = [...new Set(all.map(({ rows }) => rows))]
  const axis = sizes.map((rows) => text(x(rows), BOTTOM + 16, rows.toLocaleString('en'), 'text-anchor="middle"'))
  return [
    `<path d="M${left} ${BOTTOM}h${width}" stroke="#999"/>`,
    ...lines,
    ...axis,
    text(left, TOP - 20, 'Recall k=5, p50 ms, by size of the namespace', 'font-weight="bold"'),
  ].join('\n')
}

writeFileSync(
  values.out,
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}"
  font-family="sans-serif" font-size="12" fill="#333">
<title>Recall at ten by arm, and the time of a recall by the size of its namespace</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${bars(50, 380)}
${times(500, 340)}
</svg>
`,
)
