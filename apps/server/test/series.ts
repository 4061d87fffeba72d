/** The length of a series: short in ordinary test runs, full under `npm run test:soak`. The assertions are the same. */
export const isWhole = process.env['DAKERA_TEST_SERIES'] === 'whole'
export const series = (amount: { short: number; whole: number }) => (isWhole ? amount.whole : amount.short)
