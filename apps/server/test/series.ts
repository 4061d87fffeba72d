/**
 * How long a series is: short where the tests run again and again, whole under `npm run test:soak`. What is asserted
 * is the same.
 */
export const isWhole = process.env['DAKERA_TEST_SERIES'] === 'whole'
export const series = (amount: { short: number; whole: number }) => (isWhole ? amount.whole : amount.short)
