/**
 * A vector of length 1 as the text that Postgres casts to halfvec, in millionths: twenty times finer than a half float of such a
 * vector. Whole numbers are written several times faster than fractions, which is most of what a large batch costs this thread.
 */
export function toHalfvec(vector: ArrayLike<number>): string {
  let text = '['
  for (let i = 0; i < vector.length; i++) {
    const millionths = Math.round((vector[i] as number) * 1e6)
    text += millionths === 0 ? '0,' : `${millionths}e-6,`
  }
  return `${text.slice(0, -1)}]`
}
