import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { weighted } from '../test/soak/ordinary.ts'
import { condense, residentGrowth, type Sample, total, verdict } from '../test/soak/verdict.ts'
import { megabytesOnDisk } from './build.ts'
import { DEAR_CALLS, manyValues, prose } from './dear-calls.ts'
import { type HammerSettings, startHammer } from './hammer.ts'
import { summarize } from './measure.ts'
import { atLeast, checkoutName } from './program.ts'
import { answers } from './report.ts'

describe('figures', () => {
  test('a percentile is a time that was measured', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
    expect(summarize(hundred)).toEqual({ count: 100, p50: 50, p95: 95, p99: 99, max: 100 })
    expect(summarize([7])).toEqual({ count: 1, p50: 7, p95: 7, p99: 7, max: 7 })
    expect(summarize([]).p50).toBeNaN()
  })

  test('answers are told with the most frequent first', () => {
    expect(answers({ 429: 3, 201: 40 })).toBe('201 x 40, 429 x 3')
    expect(answers({})).toBe('-')
    expect(total([{ ok: 1, 429: 2 }, { ok: 3 }])).toEqual({ ok: 4, 429: 2 })
  })

  test('the log of an embedded database is told from its other files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'dakera-bench-test-'))
    try {
      for (const [path, megabytes] of [
        ['db/pg_wal/0001', 2],
        ['db/pg_wal/archive_status/a', 1],
        ['db/base/1/1234', 4],
      ] as const) {
        mkdirSync(join(folder, path, '..'), { recursive: true })
        writeFileSync(join(folder, path), Buffer.alloc(megabytes * 2 ** 20))
      }
      expect(megabytesOnDisk(folder)).toEqual({ log: 3, data: 4 })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('options are numbers from their least, and a checkout is known by its last two folders', () => {
    expect(atLeast('--seconds', '1.5', 1)).toBe(1.5)
    for (const text of ['', ' ', 'x', '0.5', 'Infinity'])
      expect(() => atLeast('--seconds', text, 1)).toThrow('--seconds must be a number from 1.')
    expect(checkoutName('/somewhere/team/base/')).toBe('team/base')
  })
})

describe('dear calls', () => {
  const place = { own: 'own', many: Array.from({ length: 20 }, (_, i) => `n-${i}`) }

  test('each is a JSON object below the body limit, and as large as its name says', () => {
    for (const { name, requests } of DEAR_CALLS) {
      for (const { path, body } of requests(place)) {
        expect(path).toMatch(/^\/v1\//)
        expect(Buffer.byteLength(body), name).toBeLessThan(2 * 1024 * 1024)
        expect(JSON.parse(body), name).toBeTypeOf('object')
      }
    }
    expect(prose(1, 95_000).length).toBeLessThanOrEqual(95_000)
    expect(manyValues(1, 1_000).$or.flatMap((one) => Object.values(one).flatMap(({ $in }) => $in))).toHaveLength(1_000)
  })

  test('what is stored expires when asked to, in each of the stores', () => {
    const stores = DEAR_CALLS.filter(({ stores }) => stores).map(
      ({ requests }) => requests({ ...place, ttlSeconds: 60 })[0]?.body ?? '',
    )
    expect(stores).toHaveLength(4)
    for (const body of stores) expect(body).toContain('"ttl_seconds":60')
  })
})

describe('the hammer', () => {
  let server: Server | undefined
  afterEach(() => {
    server?.closeAllConnections()
    server?.close()
  })
  const serve = (answer: (sent: number) => number | 'nothing') =>
    new Promise<string>((resolve) => {
      let sent = 0
      const listening = createServer((request, response) => {
        request.resume().once('end', () => {
          const status = answer(++sent)
          if (status !== 'nothing') response.writeHead(status).end('{}')
        })
      }).listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(listening.address() as AddressInfo).port}`))
      server = listening
    })
  const settings = { connections: 2, seconds: 20, maxCalls: 1_000, maxDone: 1_000 } satisfies Partial<HammerSettings>
  const volley = { secret: 'dk-test', requests: [{ path: '/v1/x', body: '{}' }] }

  test('counts answers by status and ends after so many that did as asked', async () => {
    const url = await serve((sent) => (sent % 2 === 0 ? 429 : 200))
    const tally = await startHammer({ ...settings, url, volleys: [volley], connections: 1, maxDone: 5 }).done
    expect(tally).toEqual({ 200: 5, 429: 4 })
  })

  test('ends after so many calls', async () => {
    const url = await serve(() => 400)
    expect(await startHammer({ ...settings, url, volleys: [volley], connections: 1, maxCalls: 7 }).done).toEqual({
      400: 7,
    })
  })

  test('leaves without an answer when told to, and stops when told to', async () => {
    const url = await serve(() => 'nothing')
    const leaving = await startHammer({
      ...settings,
      url,
      volleys: [{ ...volley, hangUpMs: 20 }],
      connections: 1,
      maxCalls: 3,
    }).done
    expect(leaving).toEqual({ left: 3 })
    const waiting = startHammer({ ...settings, url, volleys: [volley] })
    setTimeout(() => waiting.stop(), 300)
    expect(await waiting.done).toEqual({ 'unanswered at the end': 2 })
  })
})

describe('the verdict of a soak', () => {
  const sample = (residentMegabytes: number, more: Partial<Sample> = {}): Sample => ({
    seconds: 10,
    residentMegabytes,
    logMegabytes: 1,
    logWrittenMegabytes: 1,
    deadRows: 5,
    dataMegabytes: undefined,
    loop: { p99: 2, max: 9 },
    ...more,
  })
  const flat = [100, 100, 100].map((size) => sample(size))

  test('passes with refusals for now, and with what was asked for and is not there', () => {
    expect(verdict(flat, { ok: 100, '429 too many': 2, '404 gone': 1 }, [{ memories: 3, wrong: [] }])).toEqual([])
  })

  test('names a 5xx, a missing answer and a lost memory', () => {
    expect(
      verdict(flat, { ok: 1, '503 busy': 2, 'TIMEOUT no answer': 1 }, [{ memories: 3, wrong: ['a/mem_1 is lost'] }]),
    ).toEqual([
      'ordinary keys got 503 busy 2 times',
      '1 calls of ordinary keys had no answer (TIMEOUT no answer)',
      'a/mem_1 is lost',
    ])
  })

  test('compares the memory of the last third with that of the second', () => {
    expect(residentGrowth([500, 100, 115].map((size) => sample(size)))).toBeCloseTo(1.15)
    expect(
      verdict(
        [500, 100, 116].map((size) => sample(size)),
        { ok: 1 },
        [],
      ),
    ).toEqual(['RSS of the last third is 1.16 times that of the second'])
    expect(residentGrowth([sample(1), sample(2)])).toBeUndefined()
  })

  test('keeps the peaks when many samples become few lines, and adds what was written', () => {
    const many = [
      sample(1),
      sample(9, { seconds: 20, loop: { p99: 7, max: 70 } }),
      sample(3, { seconds: 30 }),
      sample(4, { seconds: 40, loop: undefined }),
    ]
    expect(condense(many, 2)).toEqual([
      sample(9, { seconds: 20, logWrittenMegabytes: 2, loop: { p99: 7, max: 70 } }),
      sample(4, { seconds: 40, logWrittenMegabytes: 2 }),
    ])
    expect(condense([], 5)).toEqual([])
  })

  test('an action is chosen by its weight', () => {
    const choices: [number, string][] = [
      [1, 'a'],
      [3, 'b'],
    ]
    expect([0, 0.24, 0.25, 0.99].map((at) => weighted(choices, at))).toEqual(['a', 'a', 'b', 'b'])
  })
})
