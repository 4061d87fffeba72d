/** A word of letters that occurs once, so that both arms can only find the memory it was made for. */
export const rareWord = (n: number) => {
  const letters = [...n.toString(26).padStart(4, '0')].map((digit) =>
    String.fromCharCode(97 + Number.parseInt(digit, 26)),
  )
  return `zq${letters.join('')}xv`
}
